"""A client that keeps to no rule: sends frames as it is told, signed or not, with a routing id and ZMTP metadata of its choice.

Reads {file, routing_id, metadata: [..], xsub: bool, topics: [..], messages: [{channel, header, parent, metadata, content, key, times}]} on standard
input; the four parts are texts, sent as they are. `key` signs instead of the connection's own. Prints a line when it is connected,
sends upon the next line of input, and prints [[channel, header, parent, content], ...] with everything it was sent.
"""

import hashlib
import hmac
import json
import sys
import time
import uuid

import zmq

told = json.loads(sys.stdin.readline())
with open(told["file"]) as file:
    info = json.load(file)
context = zmq.Context()
kinds = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "hb": zmq.DEALER}
kinds["iopub"] = zmq.XSUB if told.get("xsub") else zmq.SUB
sockets = {}
for name, kind in kinds.items():
    socket = context.socket(kind)
    socket.linger = 0
    for one in told.get("metadata", []):
        socket.setsockopt(zmq.METADATA, one.encode())
    socket.curve_serverkey = info["curve_publickey"].encode()
    socket.curve_publickey = info["curve_publickey"].encode()
    socket.curve_secretkey = info["curve_secretkey"].encode()
    if kind == zmq.SUB:
        for topic in told.get("topics", [""]):
            socket.subscribe(topic.encode())
    elif kind == zmq.XSUB:
        pass
    else:
        socket.setsockopt(zmq.IDENTITY, told.get("routing_id", "raw").encode())
    socket.connect(f"tcp://{info['ip']}:{info[name + '_port']}")
    if kind == zmq.XSUB:
        socket.send(b"\x01")
    sockets[name] = socket


def frames(message):
    parts = [message.get(part, "{}").encode("utf-8", "surrogatepass") for part in ("header", "parent", "metadata", "content")]
    mac = hmac.new(message.get("key", info["key"]).encode(), digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return [b"<IDS|MSG>", mac.hexdigest().encode(), *parts]


def last(session=None):
    """A request that is answered in any case, and so comes after whatever was sent before."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "kernel_info_request", "session": "raw", "username": "raw", "date": "", "version": "5.3"}
    return header["msg_id"], {"header": json.dumps(header)}


heard = []


def hear(name, milliseconds):
    """The next message on a channel, as [channel, header, parent, content]; None when there is none in time."""
    if not sockets[name].poll(milliseconds):
        return None
    parts = sockets[name].recv_multipart()
    if b"<IDS|MSG>" not in parts:
        return [name, {}, {}, {"frames": len(parts)}]
    start = parts.index(b"<IDS|MSG>")
    header, parent, _, content = (json.loads(part) for part in parts[start + 2 : start + 6])
    heard.append([name, header, parent, content])
    return heard[-1]


def settle():
    for name in ("shell", "control", "stdin"):
        msg_id, message = last()
        sockets[name].send_multipart(frames(message))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            one = hear(name, 1000)
            if one is not None and one[2].get("msg_id") == msg_id:
                break
        else:
            sys.exit(f"no answer on {name}")


settle()
print("connected", flush=True)
sys.stdin.readline()
for message in told["messages"]:
    for _ in range(message.get("times", 1)):
        sockets[message["channel"]].send_multipart(frames(message))
settle()
print("sent", flush=True)
sys.stdin.readline()
for name in sockets:
    while hear(name, 200) is not None:
        pass
for socket in sockets.values():
    socket.close()
context.term()
print(json.dumps(heard), flush=True)
