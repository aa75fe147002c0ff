"""Knocks at five sockets as every kind of stranger, with pyzmq, and tells as JSON what each of them got."""

import json
import sys
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

kernel = json.load(sys.stdin)
context = zmq.Context()
peers = []


def knock(who, channel):
    socket = context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
    socket.linger = 0
    if who == "plain password":
        socket.plain_username, socket.plain_password = b"admin", b"admin"
    elif who != "no keys":
        own = zmq.curve_keypair()
        if who == "owner":
            own = kernel["public"].encode(), kernel["secret"].encode()
        other = zmq.curve_keypair()[0]
        socket.curve_publickey, socket.curve_secretkey = own
        socket.curve_serverkey = other if who == "wrong server key" else kernel["public"].encode()
    monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    if channel == "iopub":
        socket.subscribe(b"")
    socket.connect(kernel["endpoints"][channel])
    if channel != "iopub":
        socket.send_multipart([b"", b"ping"], zmq.DONTWAIT)
    peers.append((who, channel, socket, monitor))


for who in ["no keys", "plain password", "wrong server key", "throw-away key", "owner"]:
    for channel in kernel["endpoints"]:
        knock(who, channel)

print("knocked", flush=True)
# Once the owner, who came last, is served, the others have had as long, and then some more.
for who, channel, socket, monitor in peers:
    if who == "owner" and channel in ("iopub", "heartbeat") and not socket.poll(30_000):
        sys.exit(f"the owner got nothing on {channel}")
time.sleep(kernel["seconds"])
result = {}
for who, channel, socket, monitor in peers:
    handshakes = received = 0
    while monitor.poll(0):
        recv_monitor_message(monitor)
        handshakes += 1
    while socket.poll(0):
        socket.recv_multipart()
        received += 1
    result.setdefault(who, {})[channel] = {"handshakes": handshakes, "received": received > 0}
print(json.dumps(result))
context.destroy(linger=0)
