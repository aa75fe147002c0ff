"""Reads iopub slowly, and holds little: prints `up` when it is greeted, and at the end of an execution the numbers that streams began with."""
import json
import sys
import time

import zmq

options = json.loads(sys.argv[1])
socket = zmq.Context().socket(zmq.SUB)
socket.linger = 0
socket.rcvhwm = 16
socket.curve_serverkey = options["serverKey"].encode()
socket.curve_publickey = options["publicKey"].encode()
socket.curve_secretkey = options["secretKey"].encode()
socket.subscribe(b"")
socket.connect(options["endpoint"])

numbers = []
while True:
    frames = socket.recv_multipart()
    header, parent, content = (json.loads(frames[at]) for at in (3, 4, 6))
    if header["msg_type"] == "iopub_welcome":
        print("up", flush=True)
    if header["msg_type"] == "stream":
        numbers.append(int(content["text"].split(" ")[0]))
        time.sleep(options["delay"] / 1000)
    if content.get("execution_state") == "idle" and parent.get("msg_type") == "execute_request":
        print(json.dumps(numbers), flush=True)
        numbers = []
