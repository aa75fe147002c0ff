"""jupyter_client's half of the client comparison: one line in, one batch of round trips out (milliseconds, as JSON).

Usage: client.py CONNECTION_FILE
"""

import json
import sys
import time

from jupyter_client import BlockingKernelClient

client = BlockingKernelClient()
client.load_connection_file(sys.argv[1])
client.start_channels()
client.wait_for_ready(timeout=30)


def round_trip():
    begin = time.perf_counter()
    identifier = client.execute("1+1")
    while client.get_shell_msg(timeout=30)["parent_header"].get("msg_id") != identifier:
        pass
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == identifier and message["content"].get("execution_state") == "idle":
            break
    return (time.perf_counter() - begin) * 1000


print("[]", flush=True)
for line in sys.stdin:
    while client.iopub_channel.msg_ready():
        client.get_iopub_msg(timeout=1)
    print(json.dumps([round_trip() for _ in range(int(line))]), flush=True)
client.stop_channels()
