"""Unmodified jupyter_client with an observer's connection file: tries to run a cell, and watches what others run.

Reads {file, last: text} on standard input. Prints a line when it watches, and when it has seen `last` {refusal, seen, idle}.
"""

import json
import sys

from jupyter_client import BlockingKernelClient

told = json.loads(sys.stdin.readline())
client = BlockingKernelClient()
client.load_connection_file(told["file"])
client.start_channels()
client.wait_for_ready(timeout=60)
print("watching", flush=True)

seen = []
while not seen or told["last"] not in seen[-1][1]:
    message = client.get_iopub_msg(timeout=60)
    content = message["content"]
    if message["msg_type"] in ("stream", "execute_input", "display_data", "execute_result"):
        text = content.get("text") or content.get("code") or "".join(sorted(content.get("data", {})))
        seen.append([message["msg_type"], text, message["parent_header"].get("username")])

reply = client.execute_interactive("globalThis.intruder = true", timeout=60, output_hook=lambda message: None)
print(json.dumps({"refusal": [reply["content"].get("ename"), reply["content"].get("evalue")], "seen": seen}), flush=True)
client.stop_channels()
