"""jupyter_kernel_test, every sample filled in, against the TypeScript kernel under `required`."""

import unittest
from contextlib import contextmanager

import jupyter_kernel_test
from jupyter_client import KernelManager
from jupyter_kernel_test.msgspec_v5 import validate_message

KernelManager.transport_encryption.default_value = "required"


BUSY_MACHINE = 30  # seconds


@contextmanager
def patient(channel):
    get = channel.get_msg
    channel.get_msg = lambda timeout=None: get(timeout=BUSY_MACHINE)
    try:
        yield
    finally:
        channel.get_msg = get


class Patience:
    """The suite allows 0.1 s for each message on iopub, which a busy machine exceeds. Nothing else is changed."""

    def flush_channels(self):
        """What came before a request is read when its reply and its idle are."""
        request = self.kc.kernel_info()
        for channel, last in ((self.kc.shell_channel, self.is_reply), (self.kc.iopub_channel, self.is_idle)):
            with patient(channel):
                while True:
                    message = channel.get_msg()
                    validate_message(message)
                    if message["parent_header"].get("msg_id") == request and last(message):
                        break

    def execute_helper(self, *args, **kwargs):
        with patient(self.kc.iopub_channel):
            return super().execute_helper(*args, **kwargs)

    @staticmethod
    def is_reply(message):
        return message["msg_type"] == "kernel_info_reply"

    @staticmethod
    def is_idle(message):
        return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"


class TypeScriptKernelTests(Patience, jupyter_kernel_test.KernelTests):
    kernel_name = "typescript"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('to stderr')"
    completion_samples = [
        {"text": "Math.sq", "matches": {"sqrt"}},
        {"text": "JSON.str", "matches": {"stringify"}},
        {"text": "Number.isSafe", "matches": {"isSafeInteger"}},
    ]
    complete_code_samples = [
        "1",
        "const x: number = 5",
        "function f(a: string): string { return a }",
        "const t = `two\nlines`",
        "await Promise.resolve(1)",
        "for (const i of [1, 2]) { console.log(i) }",
        "import { readFile } from 'node:fs/promises'",
        "type Pair = [number, number];",
        "const r = /[(]/",
    ]
    incomplete_code_samples = [
        "function f() {",
        "const x = [1, 2",
        "const t = `open",
        "1 +",
        "if (true) {",
        "foo(",
        "class A { x = 1;",
        "/* open comment",
    ]
    invalid_code_samples = ["const = 3", "1 1", "let x = )", "'open string"]
    code_page_something = "page('something to read')"
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'text'", "result": "'text'"},
        {"code": "[1, 2, 3].map((n) => n * 2)", "result": "[ 2, 4, 6 ]"},
        {"code": "await Promise.resolve(1n)", "result": "1n"},
    ]
    code_display_data = [
        {"code": "display(html`<b>bold</b>`)", "mime": "text/html"},
        {"code": "display(svg('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))", "mime": "image/svg+xml"},
        {"code": "display(md`**bold**`)", "mime": "text/markdown"},
        {"code": "display({ 'application/json': { a: 1 } }, { raw: true })", "mime": "application/json"},
        {
            "code": "display(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64'))",
            "mime": "image/png",
        },
    ]
    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.max"
    code_clear_output = "clearOutput()"


class TypeScriptWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "typescript"
    support_iopub_welcome = True


class EncryptionIsOn(unittest.TestCase):
    def test_the_kernels_above_were_started_under_required(self):
        manager = KernelManager(kernel_name="typescript")
        self.assertEqual(manager.transport_encryption, "required")


if __name__ == "__main__":
    unittest.main(verbosity=2)
