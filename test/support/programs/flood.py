"""A client with a grant that sends as much as the kernel takes, until its input ends.

Reads {file, channel, msg_type, content, connections, reads} on standard input: `content` is the text of the content frame, sent as it is;
`reads` is whether the answers are taken. Prints a line when every connection has been answered once, and then the flood begins.
"""

import hashlib
import hmac
import json
import sys
import threading
import uuid

import zmq

told = json.loads(sys.stdin.readline())
with open(told["file"]) as file:
    info = json.load(file)
context = zmq.Context()
poller = zmq.Poller()


def connect(kind, name):
    socket = context.socket(kind)
    socket.linger = 0
    socket.sndhwm = 16
    socket.curve_serverkey = info["curve_publickey"].encode()
    socket.curve_publickey = info["curve_publickey"].encode()
    socket.curve_secretkey = info["curve_secretkey"].encode()
    socket.connect(f"tcp://{info['ip']}:{info[name + '_port']}")
    return socket


def frames(msg_type, content):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": msg_type, "session": "flood", "username": "flood", "date": "", "version": "5.3"}
    parts = [json.dumps(header).encode(), b"{}", b"{}", content.encode()]
    mac = hmac.new(info["key"].encode(), digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return [b"<IDS|MSG>", mac.hexdigest().encode(), *parts]


sockets = [connect(zmq.DEALER, told["channel"]) for _ in range(told.get("connections", 1))]
iopub = connect(zmq.SUB, "iopub")
iopub.subscribe(b"")
for socket in sockets:
    socket.send_multipart(frames("kernel_info_request", "{}"))
    if not socket.poll(20_000):
        sys.exit("no answer")
    socket.recv_multipart()
print("connected", flush=True)
stopped = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
sent = 0
while not stopped.is_set():
    for socket in sockets:
        try:
            socket.send_multipart(frames(told["msg_type"], told["content"]), zmq.DONTWAIT)
            sent += 1
        except zmq.Again:
            pass
        while told.get("reads", True) and socket.poll(0):
            socket.recv_multipart(zmq.DONTWAIT)
    while told.get("reads", True) and iopub.poll(0):
        iopub.recv_multipart(zmq.DONTWAIT)
    sockets[0].poll(1, zmq.POLLOUT)
context.destroy(linger=0)
print(sent, flush=True)
