"""Measures kernels side by side with jupyter_client as the client. Prints one JSON object: kind of figure -> variant -> samples.

Variants run in turn, A B C A B C ..., so that a noisy machine is noisy for all of them. Times are in milliseconds.

Usage: kernels.py ROUNDS
"""

import json
import os
import sys
import time

from jupyter_client import KernelManager

rounds = int(sys.argv[1])
VARIANTS = {
    "typescript, curve": ("typescript", "required"),
    "ipykernel, curve": ("python3", "required"),
    "typescript, plain": ("typescript", "disabled"),
    "ipykernel, plain": ("python3", "disabled"),
}
LINES = {
    "typescript": "for (let i = 0; i < 10000; i++) console.log('line ' + i)",
    "python3": "for i in range(10000): print('line', i)",
}
BUSY = {"typescript": "while (true) {}", "python3": "while True: pass"}
samples = {}


def note(figure, variant, value):
    samples.setdefault(figure, {}).setdefault(variant, []).append(value)


def start(kernel, policy):
    """Starts a kernel; returns it, its client, and the time until kernel_info_reply."""
    begin = time.perf_counter()
    manager = KernelManager(kernel_name=kernel, transport_encryption=policy)
    manager.start_kernel()
    client = manager.client()
    # Reconnects at the pace of a local kernel's start, so that the start is not rounded up to 100 ms steps.
    client.context.setsockopt(18, 5)
    client.start_channels(hb=False)
    identifier = client.kernel_info()
    while client.get_shell_msg(timeout=30)["parent_header"].get("msg_id") != identifier:
        pass
    elapsed = (time.perf_counter() - begin) * 1000
    client.wait_for_ready(timeout=30)
    return manager, client, elapsed


def messages_until_idle(client, identifier):
    found = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != identifier:
            continue
        found.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found


def reply_to(client, identifier):
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"].get("msg_id") == identifier:
            return reply


def round_trip(client, code):
    begin = time.perf_counter()
    identifier = client.execute(code)
    reply_to(client, identifier)
    found = messages_until_idle(client, identifier)
    return (time.perf_counter() - begin) * 1000, found


def resident(pid):
    """Resident memory of a process and its descendants, in MB."""
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        try:
            with open(f"/proc/{current}/status") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
            for thread in os.listdir(f"/proc/{current}/task"):
                with open(f"/proc/{current}/task/{thread}/children") as file:
                    waiting += [int(child) for child in file.read().split()]
        except (OSError, StopIteration):
            pass
    return total / 1024


def interrupt(manager, client, code):
    identifier = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "execute_input" and message["parent_header"].get("msg_id") == identifier:
            break
    time.sleep(0.1)
    begin = time.perf_counter()
    manager.interrupt_kernel()
    reply = reply_to(client, identifier)
    elapsed = (time.perf_counter() - begin) * 1000
    assert reply["content"]["status"] == "error"
    messages_until_idle(client, identifier)
    return elapsed


# The start, each in turn; the first turn warms the disk cache and is not counted.
for turn in range(rounds + 1):
    for variant, (kernel, policy) in VARIANTS.items():
        manager, client, elapsed = start(kernel, policy)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        if turn > 0:
            note("start to kernel_info_reply, ms", variant, elapsed)

live = {variant: start(kernel, policy)[:2] for variant, (kernel, policy) in VARIANTS.items()}
try:
    time.sleep(1)
    for variant, (manager, client) in live.items():
        note("resident memory, fresh, MB", variant, resident(manager.provisioner.pid))
    for variant, (manager, client) in live.items():
        for _ in range(100):
            round_trip(client, "1+1")
    # As notebooks are run, in blocks; and one cell at a time, when another kernel has had the processors in between.
    for _ in range(rounds * 2):
        for variant, (manager, client) in live.items():
            for _ in range(20):
                note("execute 1+1 to reply and idle, ms", variant, round_trip(client, "1+1")[0])
    for _ in range(rounds * 20):
        for variant, (manager, client) in live.items():
            note("the same, one at a time, ms", variant, round_trip(client, "1+1")[0])
    for _ in range(rounds):
        for variant, (manager, client) in live.items():
            elapsed, found = round_trip(client, LINES[VARIANTS[variant][0]])
            text = "".join(m["content"]["text"] for m in found if m["msg_type"] == "stream")
            assert text == "".join(f"line {i}\n" for i in range(10000)), f"{variant}: lines lost or out of order"
            note("10,000 lines, complete and in order, ms", variant, elapsed)
            note("10,000 lines, stream messages", variant, sum(m["msg_type"] == "stream" for m in found))
    for _ in range(rounds):
        for variant, (manager, client) in live.items():
            note("interrupt of a spinning cell, ms", variant, interrupt(manager, client, BUSY[VARIANTS[variant][0]]))

    # Nothing is lost, and nothing comes after idle: 2,000 cells one by one, then bursts of 200 queued at once.
    manager, client = live["typescript, curve"]
    wrong = 0
    for index in range(2000):
        _, found = round_trip(client, f"console.log({index}); {index}")
        kinds = [m["msg_type"] for m in found]
        wrong += kinds != ["status", "execute_input", "stream", "execute_result", "status"]
    note("cells of 2,000 with a message lost, doubled or late", "typescript, curve", wrong)
    for variant in ("typescript, curve", "ipykernel, curve"):
        manager, client = live[variant]
        for _ in range(rounds):
            begin = time.perf_counter()
            identifiers = [client.execute(f"{index}") for index in range(200)]
            replies = [reply_to(client, identifier) for identifier in identifiers]
            found = [messages_until_idle(client, identifier) for identifier in identifiers]
            note("200 queued cells, ms", variant, (time.perf_counter() - begin) * 1000)
            whole = [[m["msg_type"] for m in one] == ["status", "execute_input", "execute_result", "status"] for one in found]
            note("queued cells of 200 with a message lost, doubled or late", variant, whole.count(False))
finally:
    for manager, client in live.values():
        client.stop_channels()
        manager.shutdown_kernel(now=True)
print(json.dumps(samples))
