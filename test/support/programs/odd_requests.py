"""Sends requests whose frames are given as text, and tells the replies as they came.

Reads {connection, requests: [[header, parent, metadata, content], ...]} on standard input; `hex:…` is bytes. Prints, for each, the texts
of the reply's parent header and content, and of the parent header of the idle that follows.
"""

import hashlib
import hmac
import json
import sys

import zmq

told = json.load(sys.stdin)
connection = told['connection']
context = zmq.Context()


def dial(kind, port):
    socket = context.socket(kind)
    socket.linger, socket.rcvtimeo = 0, 20_000
    socket.curve_serverkey = socket.curve_publickey = connection['curve_publickey'].encode()
    socket.curve_secretkey = connection['curve_secretkey'].encode()
    if kind == zmq.SUB:
        socket.subscribe(b'')
    socket.connect(f'tcp://{connection["ip"]}:{connection[port]}')
    return socket


shell, iopub = dial(zmq.DEALER, 'shell_port'), dial(zmq.SUB, 'iopub_port')
iopub.recv_multipart()  # iopub_welcome
answers = []
for request in told['requests']:
    frames = [bytes.fromhex(part[4:]) if part.startswith('hex:') else part.encode() for part in request]
    signature = hmac.new(connection['key'].encode(), b''.join(frames), hashlib.sha256).hexdigest()
    shell.send_multipart([b'<IDS|MSG>', signature.encode(), *frames])
    _, _, _, parent, _, content = shell.recv_multipart()[:6]
    while True:
        _, _, _, _, told_parent, _, state = iopub.recv_multipart()[:7]
        if b'"idle"' in state:
            break
    answers.append([parent.decode(), content.decode(), told_parent.decode()])
json.dump(answers, sys.stdout)
