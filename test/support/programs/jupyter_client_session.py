"""A whole session of jupyter_client with the kernel of the connection file given; prints one JSON object."""
import json
import sys
import time

from jupyter_client import BlockingKernelClient

TIMEOUT = 60

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=TIMEOUT)
found = {}


def outputs(msg_id):
    """Everything on iopub about a request, until its idle."""
    seen = []
    while True:
        message = client.get_iopub_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") != msg_id:
            continue
        content = message["content"]
        seen.append(content.get("execution_state") or message["msg_type"])
        if content.get("execution_state") == "idle":
            return seen


def reply(msg_id, channel=None):
    while True:
        message = (channel or client.shell_channel).get_msg(timeout=TIMEOUT)
        if message["parent_header"].get("msg_id") == msg_id:
            return message["content"]


client.kernel_info()
msg_id = client.execute("hello")
found["execute"] = [reply(msg_id)["status"], outputs(msg_id)]

client.iopub_channel.socket.subscribe(b"extra")
while True:
    message = client.get_iopub_msg(timeout=TIMEOUT)
    if message["msg_type"] == "iopub_welcome" and message["content"]["subscription"] == "extra":
        break
found["welcome to a topic"] = message["parent_header"]

texts = []
answer = client.execute_interactive(
    "ask",
    timeout=TIMEOUT,
    stdin_hook=lambda message: client.input("Ada"),
    output_hook=lambda message: texts.append(message["content"].get("data", {}).get("text/plain")),
)
found["stdin"] = [answer["content"]["status"], [text for text in texts if text]]

msg_id = client.execute("spin")
while client.get_iopub_msg(timeout=TIMEOUT)["msg_type"] != "stream":
    pass
found["heartbeat while spinning"] = client.is_alive()
request = client.session.msg("interrupt_request", {})
client.control_channel.send(request)
found["interrupt"] = [reply(request["header"]["msg_id"], client.control_channel)["status"], reply(msg_id)["ename"]]

msg_id = client.shutdown(restart=True)
found["shutdown"] = reply(msg_id, client.control_channel)
deadline = time.monotonic() + TIMEOUT
broadcast = None
while broadcast is None and time.monotonic() < deadline:
    message = client.get_iopub_msg(timeout=TIMEOUT)
    if message["msg_type"] == "shutdown_reply":
        broadcast = message["content"]
found["broadcast"] = broadcast
client.stop_channels()
print(json.dumps(found))
