"""Unmodified jupyter_client, once for each role: sends what it is told to, and says how it was answered and what it saw.

Reads {files: {role: connection file}, probes: {role: [{key, channel, msgType, content}]}} on standard input. Prints a line when everything
is answered and, when it has read one more line and heard the last line of output, or nothing more where that may not be seen, prints {role: {sent: {key: ename or ""}, seen: [[type, text, comm]]}}.
"""

import json
import sys
from queue import Empty

from jupyter_client import BlockingKernelClient

told = json.loads(sys.stdin.readline())
clients, result = {}, {}
for role, file in told["files"].items():
    client = BlockingKernelClient()
    client.load_connection_file(file)
    client.start_channels()
    # As wait_for_ready does, which wants an answer that some roles do not get.
    client.kernel_info()
    client.get_shell_msg(timeout=60)
    clients[role] = client

for role, client in clients.items():
    channels = {"shell": client.shell_channel, "control": client.control_channel, "stdin": client.stdin_channel}
    sent = {}
    for probe in told["probes"][role]:
        message = client.session.msg(probe["msgType"], probe["content"])
        channel = channels[probe["channel"]]
        channel.send(message)
        sent[probe["key"]] = None
        try:
            while (reply := channel.get_msg(timeout=10))["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                pass
            sent[probe["key"]] = reply["content"].get("ename", "")
        except Empty:
            pass
    result[role] = {"sent": sent, "seen": []}

for client in clients.values():
    while True:  # What the requests above made is over when nothing comes any more.
        try:
            client.get_iopub_msg(timeout=0.3)
        except Empty:
            break
print("ready", flush=True)
sys.stdin.readline()

for role, client in clients.items():
    while True:
        try:
            message = client.get_iopub_msg(timeout=1)
        except Empty:
            break
        content = message["content"]
        text = content.get("text", "") if message["msg_type"] == "stream" else content.get("data", {}).get("text/plain", "")
        if "the last line" in text:
            break
        result[role]["seen"].append([message["msg_type"], text, content.get("comm_id", "")])
    client.stop_channels()
print(json.dumps(result), flush=True)
