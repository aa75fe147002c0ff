"""The client of every kernel that is measured: jupyter_client, blocking, in one process for all of them.

Reads one request a line, `{"do": NAME, ...arguments}`, and writes one line for each: `{"value": ...}`, or `{"error": ...}`. Times are in
milliseconds. `kernel` is the number that `start` has given.
"""

import hashlib
import json
import signal
import subprocess
import sys
import time
from queue import Empty

import zmq
from jupyter_client import KernelManager

kernels = []


def start(name, encryption):
    """Starts a kernel and runs a first cell. `reply` and `cell` are the times from the start to the end of kernel_info and of `1+1`."""
    begin = time.perf_counter()
    manager = KernelManager(kernel_name=name, transport_encryption=encryption)
    # Neither may write into the answers, and Deno warns at each start that its kernel is unstable.
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    # Set before a socket is made. libzmq tries again after 100 ms by default, and every start would take a multiple of that.
    client.context.setsockopt(zmq.RECONNECT_IVL, 5)
    client.start_channels(hb=False)
    reply_to(client, client.kernel_info())
    reply = since(begin)
    # As front ends do: code is sent once iopub has carried something, or the output of the cell could be lost.
    for _ in range(200):
        try:
            client.get_iopub_msg(timeout=0.05)
            break
        except Empty:
            client.kernel_info()
    else:
        raise TimeoutError("iopub carries nothing")
    done(client, client.execute("1+1"))
    cell = since(begin)
    kernels.append((manager, client))
    return {
        "kernel": len(kernels) - 1,
        "pid": manager.provisioner.process.pid,
        "file": manager.connection_file,
        "reply": reply,
        "cell": cell,
    }


def stop(kernel):
    manager, client = kernels[kernel]
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def trips(kernel, count, rest=0):
    """`1+1`, from the request to reply and idle, one after the other; `rest` is the pause before each, in milliseconds."""
    client = kernels[kernel][1]
    times = []
    for _ in range(count):
        time.sleep(rest / 1000)
        begin = time.perf_counter()
        done(client, client.execute("1+1"))
        times.append(since(begin))
    return times


def queue(kernel, count):
    """Cells for each second, of `count` that are sent at once: until all replies, all results and idle for each are there.

    Counted, and not told apart by cell: of Deno's results one in twenty names another cell as its parent, or comes after idle.
    """
    client = kernels[kernel][1]
    begin = time.perf_counter()
    identifiers = [client.execute(str(index)) for index in range(count)]
    for identifier in identifiers:
        reply_to(client, identifier)
    missing = {"execute_result": count, "idle": count}
    while any(missing.values()):
        message = client.get_iopub_msg(timeout=60)
        kind = message["content"].get("execution_state", message["msg_type"])
        if kind in missing and message["parent_header"].get("msg_id") in identifiers:
            missing[kind] -= 1
    return count / since(begin) * 1000


def run(kernel, code, printed=0):
    """One cell, until its reply, idle and `printed` characters of output are there: Deno prints most of a long output after idle.

    `printed` is the SHA-256 of what it printed, `shown` the number of characters of what it displayed.
    """
    client = kernels[kernel][1]
    begin = time.perf_counter()
    identifier = client.execute(code)
    messages = done(client, identifier)
    text = text_of(messages)
    while len(text) < printed:
        text += text_of([client.get_iopub_msg(timeout=60)])
    elapsed = since(begin)
    shown = sum(len(message["content"]["data"]["text/plain"]) for message in messages if message["msg_type"] == "display_data")
    return {"time": elapsed, "printed": hashlib.sha256(text.encode()).hexdigest(), "shown": shown}


def interrupt(kernel, code):
    """The time from the interrupt of a cell that never ends to the reply of that cell."""
    manager, client = kernels[kernel]
    identifier = client.execute(code)
    while client.get_iopub_msg(timeout=30)["msg_type"] != "execute_input":
        pass
    time.sleep(0.1)
    begin = time.perf_counter()
    manager.interrupt_kernel()
    reply = reply_to(client, identifier)
    elapsed = since(begin)
    assert reply["content"]["status"] == "error", reply["content"]
    until_idle(client, identifier)
    return elapsed


def since(begin):
    return (time.perf_counter() - begin) * 1000


def text_of(messages):
    return "".join(message["content"]["text"] for message in messages if message["msg_type"] == "stream")


def done(client, identifier):
    """Waits for reply and idle; returns what came on iopub."""
    reply = reply_to(client, identifier)
    assert reply["content"]["status"] == "ok", reply["content"]
    return until_idle(client, identifier)


def reply_to(client, identifier):
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == identifier:
            return reply


def until_idle(client, identifier):
    found = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != identifier:
            continue
        found.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found


acts = {"start": start, "stop": stop, "trips": trips, "queue": queue, "run": run, "interrupt": interrupt}
# Deno and tslab outlive a client that does not end them.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": acts[request.pop("do")](**request)}
        except Empty:
            answer = {"error": "a message did not come in time"}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
finally:
    for manager, client in kernels:
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
