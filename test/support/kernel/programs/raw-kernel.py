"""A kernel that runs Python line by line of the wire: raw-kernel.py FILE [MANNER]...

Its cells see `frames`, the request as it came from the delimiter on, and `publish(kind, content, metadata, parent)`, which takes bytes of JSON.

colon        binds ip:port where Jupyter's address is ip-port, as tslab does
unbound      never binds a socket
gone:STATUS  ends at once, with that status
early        publishes before it binds shell
late         binds after two seconds
keeps        keeps output that its own thread has not sent; others drop it beyond 1,000 messages, with a relay or without
tcp-only     ends when it is asked for ipc
"""

import hashlib
import hmac
import json
import os
import signal
import sys
import time
import traceback
import uuid

import zmq

file, manners = sys.argv[1], sys.argv[2:]
for manner in manners:
    if manner.startswith('gone:'):
        sys.exit(int(manner.removeprefix('gone:')))
if 'unbound' in manners:
    time.sleep(600)
if 'late' in manners:
    time.sleep(2)
with open(file) as handle:
    info = json.load(handle)
if 'tcp-only' in manners and info['transport'] == 'ipc':
    sys.exit('invalid host')
context = zmq.Context()
key = info['key'].encode()
session = str(uuid.uuid4())


def bind(name, kind):
    separator = ':' if info['transport'] == 'tcp' or 'colon' in manners else '-'
    socket = context.socket(kind)
    socket.linger = 1000
    if 'keeps' in manners:
        socket.sndhwm = 0
    socket.bind(f'{info["transport"]}://{info["ip"]}{separator}{info[name + "_port"]}')
    return socket


def send(socket, head, kind, content, metadata=b'{}', parent=b'{}', buffers=()):
    header = {'msg_id': str(uuid.uuid4()), 'session': session, 'username': 'raw', 'msg_type': kind, 'version': '5.3', 'date': '2026-01-01T00:00:00Z'}
    parts = [json.dumps(header).encode(), parent, metadata, content]
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        digest.update(part)
    socket.send_multipart([*head, b'<IDS|MSG>', digest.hexdigest().encode(), *parts, *buffers])


iopub = bind('iopub', zmq.PUB)


def publish(kind, content, metadata=b'{}', parent=None, buffers=()):
    send(iopub, [kind.encode()], kind, content, metadata, current if parent is None else parent, buffers)


current = b'{}'
if 'early' in manners:
    for _ in range(100):
        publish('stream', b'{"name":"stdout","text":"early"}')
        time.sleep(0.01)
shell, control, stdin = (bind(name, zmq.ROUTER) for name in ('shell', 'control', 'stdin'))
heartbeat = bind('hb', zmq.REP)
signal.signal(signal.SIGINT, signal.default_int_handler)
scope = {'publish': publish, 'stdin': stdin, 'send': send, 'os': os, 'time': time, 'json': json}
poller = zmq.Poller()
for socket in (shell, control, heartbeat):
    poller.register(socket, zmq.POLLIN)


def execute(code):
    try:
        exec(code, scope)
        return b'{"status":"ok","execution_count":1,"user_expressions":{},"payload":[]}'
    except (Exception, KeyboardInterrupt) as error:
        traceback.print_exc()
        return json.dumps({'status': 'error', 'ename': type(error).__name__, 'evalue': str(error), 'traceback': []}).encode()


def answer(socket):
    global current
    parts = socket.recv_multipart()
    at = parts.index(b'<IDS|MSG>')
    head, frames = parts[:at], parts[at:]
    current = frames[2]
    kind = json.loads(current)['msg_type']
    scope.update(frames=frames, identities=head)
    if kind.startswith('unknown'):
        return True
    if kind == 'echo_request':
        publish('echo', frames[5], frames[4], buffers=frames[6:])
        send(socket, head, 'echo_reply', frames[5], frames[4], current, frames[6:])
        return True
    publish('status', b'{"execution_state":"busy"}')
    content = b'{"status":"ok"}'
    if kind == 'kernel_info_request':
        content = json.dumps({'status': 'ok', 'protocol_version': '5.3', 'implementation': 'raw', 'banner': '', 'language_info': {'name': 'raw'}}).encode()
    elif kind == 'execute_request':
        content = execute(json.loads(frames[5])['code'])
    if kind.endswith('_request'):
        send(socket, head, kind.replace('_request', '_reply'), content, parent=current)
    publish('status', b'{"execution_state":"idle"}')
    return kind != 'shutdown_request'


going = True
while going:
    try:
        for socket, _ in poller.poll():
            if socket is heartbeat:
                heartbeat.send(heartbeat.recv())
            else:
                going = answer(socket) and going
    except KeyboardInterrupt:
        pass
context.destroy(linger=500)
