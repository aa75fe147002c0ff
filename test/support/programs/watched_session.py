"""Starts the TypeScript kernel under `required`, prints what a stranger could know and what the owner knows, and works until input ends.

Afterwards prints how many messages an invited second client saw on iopub in that time.
"""

import json
import sys
import threading

from jupyter_client import BlockingKernelClient, KernelManager

manager = KernelManager(kernel_name="typescript", transport_encryption="required")
manager.start_kernel()
client = manager.client()
client.start_channels()
invited = BlockingKernelClient()
try:
    client.wait_for_ready(timeout=60)
    with open(manager.connection_file) as file:
        fields = json.load(file)
    known = {name: value for name, value in fields.items() if name not in ("key", "curve_secretkey")}
    known["routing_id"] = client.session.session
    print(json.dumps(known), flush=True)
    print(json.dumps(fields), flush=True)
    invited.load_connection_file(manager.connection_file)
    invited.start_channels()
    invited.wait_for_ready(timeout=60)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        client.execute_interactive("console.log('secret')", timeout=60, output_hook=lambda message: None)
    seen = 0
    while invited.iopub_channel.msg_ready():
        invited.get_iopub_msg(timeout=1)
        seen += 1
    print(json.dumps({"invited": seen}), flush=True)
finally:
    invited.stop_channels()
    client.stop_channels()
    manager.shutdown_kernel()
