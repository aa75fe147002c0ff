"""A stock client of the kernel of the connection file given, which reads iopub in its own time; prints one JSON object.

Usage: reading_client.py CONNECTION_FILE CELLS DELAY. CELLS is JSON: a list of pairs, a number of times and a code. DELAY is the
milliseconds of rest after each message on iopub. As many as 50 cells are asked for ahead.
"""
import json
import sys
import time

from jupyter_client import BlockingKernelClient

AHEAD = 50
TIMEOUT = 60

client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=TIMEOUT)

codes = [code for count, code in json.loads(sys.argv[2]) for _ in range(count)]
delay = float(sys.argv[3]) / 1000
found = {"cells": len(codes), "idle": 0, "replies": 0, "counts": {}, "bytes": 0, "told": [], "results": [], "late": 0}
asked = []
idle = set()

while found["idle"] < len(codes):
    while len(asked) < len(codes) and len(asked) - found["idle"] < AHEAD:
        asked.append(client.execute(codes[len(asked)]))
    message = client.get_iopub_msg(timeout=TIMEOUT)
    parent = message["parent_header"].get("msg_id")
    if parent not in asked:
        continue
    kind, content = message["msg_type"], message["content"]
    found["counts"][kind] = found["counts"].get(kind, 0) + 1
    found["late"] += parent in idle
    if kind == "status" and content["execution_state"] == "idle":
        idle.add(parent)
        found["idle"] += 1
    elif kind == "display_data":
        found["bytes"] += len(content["data"].get("text/html", ""))
    elif kind == "stream" and content["name"] == "stderr":
        found["told"].append(content["text"])
    elif kind == "execute_result":
        found["results"].append(content["data"]["text/plain"])
    time.sleep(delay)

while found["replies"] < len(codes):
    found["replies"] += client.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] in asked
client.stop_channels()
print(json.dumps(found))
