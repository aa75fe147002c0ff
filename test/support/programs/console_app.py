"""The part of jupyter_client that `jupyter console --existing FILE` is made of, with a connection file that has Curve keys.

Reads {file} on standard input. Prints whether the client that it makes has the keys, and whether that becomes ready.
"""

import json
import os
import sys
import threading

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.consoleapp import JupyterConsoleApp
from jupyter_core.application import JupyterApp


class Console(JupyterApp, JupyterConsoleApp):
    kernel_client_class = BlockingKernelClient
    aliases = JupyterConsoleApp.aliases
    flags = JupyterConsoleApp.flags

    def initialize(self, argv=None):
        super().initialize(argv)
        JupyterConsoleApp.initialize(self, argv)


told = json.loads(sys.stdin.readline())
app = Console()
app.initialize([f"--existing={told['file']}"])
client = app.kernel_client


def tell(ready):
    print(json.dumps({"keys": bool(getattr(client, "curve_publickey", None)), "ready": ready}), flush=True)
    # Not by the ends of pyzmq's threads: some wait for an answer that does not come.
    os._exit(0)


# A client whose connection was refused before its first request waits in `send`, whatever its own time limit is.
threading.Timer(20, tell, [False]).start()
try:
    client.wait_for_ready(timeout=5)
    tell(True)
except RuntimeError:
    tell(False)
