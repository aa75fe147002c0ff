"""A session whose every kind of content carries a mark: code, stdout, stdin, display data and a result.

Usage: marked_session.py KERNEL POLICY MARK
"""

import sys

from jupyter_client import KernelManager

kernel, policy, mark = sys.argv[1:4]
CODE = {
    "typescript": f"""
// {mark}-code
console.log('{mark}-' + 'stdout');
console.log((await input('{mark}-' + 'prompt')).length);
display(html('<i>{mark}-' + 'display</i>'));
'{mark}-' + 'result'
""",
    "python3": f"""
# {mark}-code
from IPython.display import HTML, display
print('{mark}-' + 'stdout')
print(len(input('{mark}-' + 'prompt')))
display(HTML('<i>{mark}-' + 'display</i>'))
'{mark}-' + 'result'
""",
}[kernel]

manager = KernelManager(kernel_name=kernel, transport_encryption=policy)
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=60)
    reply = client.execute_interactive(
        CODE,
        timeout=60,
        allow_stdin=True,
        output_hook=lambda message: None,
        stdin_hook=lambda message: client.input(f"{mark}-stdin"),
    )
    assert reply["content"]["status"] == "ok", reply["content"]
finally:
    client.stop_channels()
    manager.shutdown_kernel()
