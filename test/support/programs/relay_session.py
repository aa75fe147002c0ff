"""What a front end does with the kernel of this name under `required`: relay_session.py NAME; prints one JSON object."""

import json
import os
import signal
import sys
import time

from jupyter_client import KernelManager

TIMEOUT = 60
name, *extra = sys.argv[1:]
found = {}
manager = KernelManager(kernel_name=name, transport_encryption="required")
manager.start_kernel(extra_arguments=extra)
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=TIMEOUT)


def run(code, **options):
    texts = []

    def hook(message):
        content = message["content"]
        texts.append(content.get("text") or content.get("data", {}).get("text/plain") or "")

    reply = client.execute_interactive(code, output_hook=hook, timeout=TIMEOUT, **options)
    return [reply["content"]["status"], "".join(texts)]


found["encrypted"] = bool(manager.curve_publickey)
found["runs"] = run("print(6 * 7)")
found["argv"] = run("import sys; sys.orig_argv[-1]")[1]
found["stdin"] = run("input('? ')", stdin_hook=lambda message: client.input("Ada"))

asked = client.execute("import time; print('on'); time.sleep(600)")
while client.get_iopub_msg(timeout=TIMEOUT)["msg_type"] != "stream":
    pass
found["alive while it computes"] = client.is_alive()
manager.interrupt_kernel()
while True:
    message = client.get_shell_msg(timeout=TIMEOUT)
    if message["parent_header"].get("msg_id") == asked:
        break
found["interrupted"] = message["content"].get("ename")

run("kept = 1")
manager.restart_kernel()
client.wait_for_ready(timeout=TIMEOUT)
found["restarted"] = run("'kept' in globals()")[1]

client.execute("import os; os._exit(3)")
deadline = time.monotonic() + TIMEOUT
while manager.is_alive() and time.monotonic() < deadline:
    time.sleep(0.05)
found["ended"] = manager.provisioner.process.poll()
manager.restart_kernel()
client.wait_for_ready(timeout=TIMEOUT)
found["after that"] = run("1 + 1")
relay = manager.provisioner.process.pid
os.kill(relay, signal.SIGKILL)
client.stop_channels()
manager.shutdown_kernel(now=True)
print(json.dumps(found))
