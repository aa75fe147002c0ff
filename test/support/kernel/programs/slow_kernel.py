"""A kernel in plain text that takes one request after the other, resting in between, and answers each with its number and size.

Prints its connection file first. Its heartbeat is answered at once.
"""
import hashlib
import hmac
import json
import sys
import threading
import time

import zmq

KEY = b"key"
delay = float(sys.argv[1]) / 1000
context = zmq.Context()
sockets = {}
info = {"transport": "tcp", "ip": "127.0.0.1", "key": KEY.decode(), "signature_scheme": "hmac-sha256"}
for name, kind in [("shell", zmq.ROUTER), ("iopub", zmq.PUB), ("stdin", zmq.ROUTER), ("control", zmq.ROUTER), ("hb", zmq.REP)]:
    sockets[name] = context.socket(kind)
    sockets[name].linger = 0
    info[name + "_port"] = sockets[name].bind_to_random_port("tcp://127.0.0.1")


def beat():
    while True:
        sockets["hb"].send(sockets["hb"].recv())


threading.Thread(target=beat, daemon=True).start()
print(json.dumps(info), flush=True)

count = 0
while True:
    frames = sockets["shell"].recv_multipart()
    time.sleep(delay)
    peer, header, content = frames[0], json.loads(frames[3]), json.loads(frames[6])
    reply = {**header, "msg_id": f"reply-{count}", "msg_type": "kernel_info_reply"}
    parts = [json.dumps(part).encode() for part in (reply, header, {}, {"n": content["n"], "size": sum(map(len, frames[7:]))})]
    signature = hmac.new(KEY, digestmod=hashlib.sha256)
    for part in parts:
        signature.update(part)
    sockets["shell"].send_multipart([peer, b"<IDS|MSG>", signature.hexdigest().encode(), *parts])
    count += 1
