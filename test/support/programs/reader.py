"""A stock subscriber to iopub that takes its time: prints `up`, then, at the first message of type `end`, one JSON object."""
import json
import sys
import time

import zmq

options = json.loads(sys.argv[1])
socket = zmq.Context().socket(zmq.SUB)
socket.linger = 0
socket.curve_serverkey = options["serverKey"].encode()
socket.curve_publickey = options["publicKey"].encode()
socket.curve_secretkey = options["secretKey"].encode()
socket.subscribe(b"")
socket.connect(options["endpoint"])

is_up = False
heard = []
while True:
    frames = socket.recv_multipart()
    header, content = json.loads(frames[3]), json.loads(frames[6])
    if header["msg_type"] == "hello":
        if not is_up:
            print("up", flush=True)
        is_up = True
        continue
    if header["msg_type"] == "end":
        break
    heard.append([header["msg_type"], content.get("n"), content.get("loss")])
    time.sleep(options["delay"] / 1000)
print(json.dumps(heard), flush=True)
