"""Keeps an encrypted ipykernel for the client comparison: prints its connection file, ends it when input ends."""

import sys

from jupyter_client import KernelManager

manager = KernelManager(kernel_name="python3", transport_encryption="required")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
client.stop_channels()
print(manager.connection_file, flush=True)
try:
    sys.stdin.read()
finally:
    manager.shutdown_kernel(now=True)
