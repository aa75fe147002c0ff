"""The other side of jupyter-client-session.test.ts: jupyter_client's own Session, one process for all cases.

Reads one JSON line, {"key", "scheme", "frames": [[base64, ...], ...]}, and writes one: what Session made of those frames, and
frames that Session has written, each with what it was given.
"""

import base64
import datetime
import json
import sys
import warnings

from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session, json_packer, json_unpacker

warnings.simplefilter("ignore")
given = json.loads(sys.stdin.readline())


def new_session():
    return Session(
        key=given["key"].encode(),
        signature_scheme=given["scheme"],
        username="ünï",
        pack=json_packer,
        unpack=json_unpacker,
    )


class Wire:
    """Takes what Session.send would put on a socket."""

    def send_multipart(self, frames, *_, **__):
        self.frames = [bytes(frame) for frame in frames]


def to_base64(data):
    return base64.b64encode(bytes(data)).decode()


def written(session, name, msg_type, content=None, **options):
    wire = Wire()
    message = session.send(wire, msg_type, content, **options)
    expected = {
        part: json.loads(json.dumps(message[part], default=json_default)) for part in ("header", "parent_header", "metadata")
    }
    return {
        "name": name,
        "frames": [to_base64(frame) for frame in wire.frames],
        "expected": {**expected, "content": content or {}},
    }


def write_all():
    session = new_session()
    request = session.msg("execute_request", {"code": "1"})
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc)
    deep = value = {}
    for _ in range(200):
        value["x"] = [{}]
        value = value["x"][0]
    many = {str(number): number for number in range(1000)}
    subshell = {**session.msg_header("execute_request"), "subshell_id": None}
    return [
        written(session, "a request", "execute_request", {"code": "print(1)", "silent": False}),
        written(session, "nothing at all", "kernel_info_request"),
        written(session, "unicode", "stream", {"text": "ünïcödé 😀 \u2028 \x00 \x7f", "ключ": "значение"}),
        written(session, "a child", "status", {"execution_state": "busy"}, parent=request),
        written(session, "metadata", "stream", {"text": ""}, metadata={"started": when.isoformat(), "none": None}),
        written(session, "routing", "execute_reply", {"status": "ok"}, ident=[b"\x00\xffid", b"topic"]),
        written(session, "buffers", "comm_msg", {"data": {}}, buffers=[b"", b"\x00\x01", memoryview(bytes(range(256)) * 300)]),
        written(session, "no subshell", None, {"code": ""}, header=subshell),
        written(session, "a subshell", None, {"code": ""}, header={**subshell, "msg_id": "other", "subshell_id": "s-1"}),
        written(session, "numbers", "display_data", {"n": [0, -1, 1.5, 1e300, 2**53 - 1, -(2**53) + 1, 5e-324]}),
        written(session, "nesting", "display_data", {"deep": deep, "many": many}),
        written(session, "an unknown type", "völlig.unbekannt", {"a": 1}),
    ]


def write_odd():
    """Messages that Session can write and that are no valid UTF-8: a file name that Python could not decode."""
    return written(new_session(), "an undecodable name", "stream", {"text": "caf\udce9"})


def read_all():
    session = new_session()
    results = []
    for encoded in given["frames"]:
        frames = [base64.b64decode(frame) for frame in encoded]
        try:
            routing, rest = session.feed_identities(frames)
            message = session.deserialize(rest)
        except Exception as error:
            results.append({"error": f"{type(error).__name__}: {str(error)[:40]}"})
            continue
        results.append(
            {
                "routing": [to_base64(frame) for frame in routing],
                "msg_id": message["msg_id"],
                "date": message["header"]["date"].isoformat(),
                "header": json.loads(json_packer(message["header"])),
                "parent_header": json.loads(json_packer(message["parent_header"])),
                "metadata": message["metadata"],
                "content": json.dumps(message["content"]),
                "buffers": [to_base64(buffer) for buffer in message["buffers"]],
            }
        )
    return results


print(json.dumps({"read": read_all(), "written": write_all(), "odd": write_odd()}))
