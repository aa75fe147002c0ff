"""Starts kernels at once with jupyter_client's asynchronous managers, and ends them. Prints `{"wall": milliseconds}`.

Usage: many_kernels.py COUNT
"""

import asyncio
import json
import sys
import time

import zmq
from jupyter_client import AsyncKernelManager


async def start():
    manager = AsyncKernelManager(kernel_name="python3", transport_encryption="required")
    await manager.start_kernel()
    client = manager.client()
    # As in kernel_client.py.
    client.context.setsockopt(zmq.RECONNECT_IVL, 5)
    client.start_channels()
    await client.wait_for_ready(timeout=120)
    return manager, client


async def main(count):
    begin = time.perf_counter()
    started = await asyncio.gather(*(start() for _ in range(count)))
    print(json.dumps({"wall": (time.perf_counter() - begin) * 1000}), flush=True)
    for _, client in started:
        client.stop_channels()
    await asyncio.gather(*(manager.shutdown_kernel(now=True) for manager, _ in started))


asyncio.run(main(int(sys.argv[1])))
