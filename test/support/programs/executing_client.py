"""Unmodified jupyter_client: runs a cell as notebooks do, and says what it took to belong to it.

Reads {file, code, last: text} on standard input. Prints {id, session} when the cell has said something; when it has ended for this client
{status, texts}; and, when somebody has printed `last`, [[type, text], ...] of everything else that came under the id of its request.
"""

import json
import sys

from jupyter_client import BlockingKernelClient

told = json.loads(sys.stdin.readline())
client = BlockingKernelClient()
client.load_connection_file(told["file"])
client.start_channels()
client.wait_for_ready(timeout=60)

heard = {"texts": [], "id": None}


def hook(message):
    if message["msg_type"] == "stream":
        if not heard["texts"]:
            heard["id"] = message["parent_header"]["msg_id"]
            print(json.dumps({"id": heard["id"], "session": message["parent_header"]["session"]}), flush=True)
        heard["texts"].append(message["content"]["text"])


reply = client.execute_interactive(told["code"], timeout=60, output_hook=hook)
print(json.dumps({"status": reply["content"]["status"], "texts": heard["texts"]}), flush=True)
later = []
while True:
    message = client.get_iopub_msg(timeout=60)
    text = message["content"].get("text", "")
    if told["last"] in text:
        break
    if message["parent_header"].get("msg_id") == heard["id"]:
        later.append([message["msg_type"], text])
print(json.dumps(later), flush=True)
client.stop_channels()
