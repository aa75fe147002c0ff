"""A stranger who found out a kernel's public key and ports: listens and asks on every channel for two seconds.

Reads a JSON object of connection fields without secrets on standard input, prints what arrived on each channel.
"""

import json
import sys
import time

import zmq

info = json.load(sys.stdin)
context = zmq.Context()
kinds = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "iopub": zmq.SUB}
sockets = {}
for name, kind in kinds.items():
    socket = context.socket(kind)
    socket.linger = 0
    public, secret = zmq.curve_keypair()
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.curve_serverkey = info["curve_publickey"].encode()
    if kind == zmq.SUB:
        socket.subscribe(b"")
    else:
        socket.identity = info.get("routing_id", "stranger").encode()
        socket.sndtimeo = 100
    socket.connect(f"tcp://{info['ip']}:{info[name + '_port']}")
    sockets[name] = socket

request = {"msg_id": "1", "msg_type": "kernel_info_request", "session": "s", "username": "u", "date": "", "version": "5.3"}
frames = [b"<IDS|MSG>", b"0" * 64, json.dumps(request).encode(), b"{}", b"{}", b"{}"]
print("ready", flush=True)
received = dict.fromkeys(sockets, 0)
end = time.monotonic() + 2
while time.monotonic() < end:
    for name, socket in sockets.items():
        if name != "iopub":
            try:
                socket.send_multipart(frames, zmq.NOBLOCK)
            except zmq.Again:
                pass
        while socket.poll(5):
            received[name] += len(socket.recv_multipart())
for socket in sockets.values():
    socket.close()
context.term()
print(json.dumps(received))
