/** Subscriptions: libzmq stores them where the kernel cannot refuse them, at fifty times their size. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { eventually } from '../support/eventually.js';
import { pythonPath } from '../support/python.js';
import { aMessage, inRoom } from '../support/kernel/room.js';

/** Subscribes to different topics of so many bytes for some seconds, as fast as it can. */
const FLOOD = `
import json, os, sys, time, zmq
kernel = json.load(sys.stdin)
context = zmq.Context()
socket = context.socket(zmq.XSUB)
socket.linger, socket.sndhwm = 0, 1000
socket.curve_serverkey = socket.curve_publickey = kernel["public"].encode()
socket.curve_secretkey = kernel["secret"].encode()
socket.connect(kernel["endpoint"])
end = time.monotonic() + 2
while time.monotonic() < end:
    try:
        socket.send(b"\\1" + os.urandom(kernel["bytes"]), zmq.DONTWAIT)
    except zmq.Again:
        time.sleep(0.001)
context.destroy(linger=0)
`;

test.each([900, 60_000])(
  'a client that subscribes to topics of %d bytes without end costs little memory, and the listener goes on',
  (bytes) =>
    inRoom(async (room) => {
      const events: ListenerEvent[] = [];
      const listener = await room.listen({ monitor: ['shell'], onEvent: (event) => events.push(event) });
      const before = process.memoryUsage().rss;
      let most = before;
      const measuring = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10);
      room.after(() => clearInterval(measuring));
      const python = spawn(pythonPath(), ['-c', FLOOD], { stdio: ['pipe', 'inherit', 'inherit'] });
      room.after(() => python.kill());
      python.stdin.end(
        JSON.stringify({
          public: room.server.publicKey,
          secret: exposeZ85(room.server.secretKey),
          endpoint: endpoint(listener.connection, 'iopub'),
          bytes,
        }),
      );
      await once(python, 'exit');
      expect(most - before).toBeLessThan(300 * 2 ** 20);
      const resets = events.filter(({ kind }) => kind === 'connections-reset').length;
      expect(resets > 0).toBe(bytes < 1_000);

      const { received } = await room.dial(listener);
      await eventually(() => {
        listener.publish(aMessage('stream'));
        return received.length > 0;
      });
    }),
);
