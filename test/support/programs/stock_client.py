"""A stock client: connects by a file, asks for 6 * 7 until the kernel answers, and prints what it put out. An address in argv[2] stands for that of the file."""
import json
import sys
from queue import Empty

from jupyter_client import BlockingKernelClient

with open(sys.argv[1]) as file:
    info = json.load(file)
if len(sys.argv) > 2:
    info["ip"] = sys.argv[2]
client = BlockingKernelClient()
client.load_connection_info(info)
client.start_channels(hb=False)
client.wait_for_ready(timeout=60)
client.execute_interactive(
    "console.log(6 * 7)" if info.get("kernel_name") != "python3" else "print(6 * 7)", timeout=60
)
client.stop_channels()
