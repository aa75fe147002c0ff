"""One kernel's life under jupyter_client: prints a JSON object with what was seen at each step.

Usage: jupyter_client_scenario.py KERNEL TRANSPORT POLICY
"""

import json
import os
import sys
import time
from queue import Empty

import zmq
from jupyter_client import BlockingKernelClient, KernelManager

kernel, transport, policy = sys.argv[1:4]
CODE = {
    "python3": {
        "stdout": "print(6 * 7)",
        "state": "kept = 'still here'",
        "recall": "print(kept)",
        "stdin": "print('got ' + input('name? '))",
        "busy": "while True: pass",
        "recall_fails": "print(kept)",
    },
    "typescript": {
        "stdout": "const answer: number = 6 * 7; console.log(answer)",
        "state": "const kept: string = 'still here'",
        "recall": "console.log(kept)",
        "stdin": "console.log('got ' + await input('name? '))",
        "busy": "while (true) {}",
        "recall_fails": "console.log(kept)",
    },
}[kernel]


def execute(client, code, answer=None):
    """Runs a cell; returns (status, stdout, ename)."""
    out = []

    def on_output(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            out.append(message["content"]["text"])

    def on_stdin(message):
        client.input(answer)

    reply = client.execute_interactive(
        code, allow_stdin=answer is not None, timeout=60, output_hook=on_output, stdin_hook=on_stdin
    )
    content = reply["content"]
    return content["status"], "".join(out), content.get("ename")


def interrupted(manager, client):
    """Interrupts a spinning cell; returns its status."""
    # After a failed cell ipykernel aborts for a moment also what is sent in knowledge of the failure.
    identifier = client.execute(CODE["busy"], stop_on_error=kernel != "python3")
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "execute_input" and message["parent_header"].get("msg_id") == identifier:
            break
    time.sleep(0.2)
    manager.interrupt_kernel()
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == identifier:
            return reply["content"]["status"]


def plaintext_peer_is_answered(manager):
    """Whether a client without keys gets an answer on the heartbeat channel."""
    info = manager.get_connection_info()
    separator = ":" if transport == "tcp" else "-"
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    socket.linger = 0
    try:
        socket.connect(f"{transport}://{info['ip']}{separator}{info['hb_port']}")
        socket.send(b"ping")
        return bool(socket.poll(1000))
    finally:
        socket.close()
        context.term()


seen = {}
manager = KernelManager(kernel_name=kernel, transport=transport, transport_encryption=policy)
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=60)
    with open(manager.connection_file) as file:
        fields = json.load(file)
    seen["keys"] = "curve_publickey" in fields and "curve_secretkey" in fields
    seen["mode"] = oct(os.stat(manager.connection_file).st_mode & 0o777)
    seen["plaintext_peer_is_answered"] = plaintext_peer_is_answered(manager)
    seen["stdout"] = execute(client, CODE["stdout"])
    seen["state"] = execute(client, CODE["state"])
    seen["stdin"] = execute(client, CODE["stdin"], answer="Ada")
    seen["interrupt"] = interrupted(manager, client)
    seen["recall"] = execute(client, CODE["recall"])

    second = BlockingKernelClient()
    second.load_connection_file(manager.connection_file)
    second.start_channels()
    second.wait_for_ready(timeout=60)
    seen["second_client"] = execute(second, CODE["recall"])
    second.stop_channels()

    manager.restart_kernel()
    client.wait_for_ready(timeout=60)
    seen["after_restart"] = execute(client, CODE["recall_fails"])[0]
    seen["stdout_after_restart"] = execute(client, CODE["stdout"])
finally:
    client.stop_channels()
    manager.shutdown_kernel()
    seen["alive"] = manager.is_alive()
    seen["file_left"] = os.path.exists(manager.connection_file or "")
print(json.dumps(seen))
