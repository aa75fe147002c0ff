"""jupyter_kernel_test against a kernel of any name, as JSON: relay_conformance.py KIND NAME ENCRYPTION. The same samples, direct and relayed."""

import io
import json
import sys
import unittest

import jupyter_kernel_test
from jupyter_client import KernelManager
from kernel_conformance import Patience

kind, name, encryption = sys.argv[1:4]
KernelManager.transport_encryption.default_value = encryption

SAMPLES = {
    "ipykernel": dict(
        language_name="python",
        file_extension=".py",
        code_hello_world="print('hello, world')",
        code_stderr="import sys; print('to stderr', file=sys.stderr)",
        completion_samples=[{"text": "zi", "matches": {"zip"}}],
        complete_code_samples=["1", "print('hello, world')"],
        incomplete_code_samples=["def f(x):", "'''"],
        invalid_code_samples=["import = 7q"],
        code_page_something="zip?",
        code_generate_error="raise",
        code_execute_result=[{"code": "1+2", "result": "3"}, {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"}],
        code_display_data=[{"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"}],
        code_history_pattern="1?2*",
        supported_history_operations=("tail", "search"),
        code_inspect_sample="zip",
        code_clear_output="from IPython.display import clear_output; clear_output()",
    ),
    "bash": dict(
        language_name="bash",
        code_hello_world="echo 'hello, world'",
        code_stderr="echo 'to stderr' >&2",
        completion_samples=[{"text": "ech", "matches": {"echo"}}],
        code_execute_result=[],
    ),
}


class Tests(Patience, jupyter_kernel_test.KernelTests):
    kernel_name = name


for field, value in SAMPLES[kind].items():
    setattr(Tests, field, value)


class Named(unittest.TextTestResult):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcomes = {}

    def stopTest(self, test):
        failed = [case.id().split(".")[-1] for case, _ in self.failures + self.errors]
        skipped = [case.id().split(".")[-1] for case, _ in self.skipped]
        own = test.id().split(".")[-1]
        self.outcomes[own] = "failed" if own in failed else "skipped" if own in skipped else "passed"
        super().stopTest(test)


suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tests)
result = unittest.TextTestRunner(stream=io.StringIO(), resultclass=Named).run(suite)
print(json.dumps(result.outcomes))
for _, text in result.failures + result.errors:
    print(text, file=sys.stderr)
