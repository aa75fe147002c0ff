"""A stranger who found out a kernel's public key and ports: listens and asks on every channel for two seconds.

Reads a JSON object of connection fields without secrets on standard input, prints what arrived on each channel.
"""

import hmac
import itertools
import json
import sys
import time

import zmq

info = json.load(sys.stdin)
context = zmq.Context()
kinds = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "iopub": zmq.SUB, "hb": zmq.DEALER}
sockets = {}
for name, kind in kinds.items():
    socket = context.socket(kind)
    socket.linger = 0
    public, secret = zmq.curve_keypair()
    if "curve_secretkey" in info:  # the real pair, to show that this program can hear
        public, secret = info["curve_publickey"].encode(), info["curve_secretkey"].encode()
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.curve_serverkey = info["curve_publickey"].encode()
    if kind == zmq.SUB:
        socket.subscribe(b"")
    else:
        socket.identity = info.get("routing_id", "stranger").encode()
        socket.sndtimeo = 100
    socket.connect(f"tcp://{info['ip']}:{info[name + '_port']}")
    sockets[name] = socket

counter = itertools.count()


def request():
    """Each is another: a kernel takes no message twice, on whatever channel."""
    kind = {"msg_type": "kernel_info_request", "session": "s", "username": "u", "date": "", "version": "5.3"}
    parts = [json.dumps({"msg_id": str(next(counter)), **kind}).encode(), b"{}", b"{}", b"{}"]
    signature = b"0" * 64
    if "key" in info:
        signature = hmac.new(info["key"].encode(), b"".join(parts), "sha256").hexdigest().encode()
    return [b"<IDS|MSG>", signature, *parts]


print("ready", flush=True)
received = dict.fromkeys(sockets, 0)
end = time.monotonic() + 2
while time.monotonic() < end:
    for name, socket in sockets.items():
        if name != "iopub":
            try:
                socket.send_multipart(request(), zmq.NOBLOCK)
            except zmq.Again:
                pass
        while socket.poll(5):
            received[name] += len(socket.recv_multipart())
for socket in sockets.values():
    socket.close()
context.term()
print(json.dumps(received))
