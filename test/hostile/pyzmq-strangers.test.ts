import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import type { Listener, ReceivedMessage } from '#src/transport/server/listener.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { perSocket } from '#src/connection/per-socket.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';
import { aMessage, inRoom } from '../support/kernel/room.js';

const NOTHING = { handshakes: 0, received: false };

test('pyzmq strangers get nothing on any channel, not even one who knows the public key, and the owner gets everything', () =>
  inRoom(async (room) => {
    const received: ReceivedMessage[] = [];
    const rejected: ListenerEvent[] = [];
    const listener = await room.listen({
      onMessage: (message) => received.push(message),
      onEvent: (event) => event.kind === 'message-rejected' && rejected.push(event),
    });
    const found = await knockFromPython(room.server, listener, () =>
      listener.publish(aMessage('stream', { text: 'secret' })),
    );

    for (const who of ['no keys', 'plain password', 'wrong server key']) {
      expect([who, found[who]]).toEqual([who, perSocket(() => NOTHING)]);
    }
    expect(found['throw-away key']).toEqual({
      ...perSocket(() => NOTHING),
      heartbeat: { handshakes: 1, received: true },
    });
    // The owner's pings are no Jupyter messages: they arrive, and are rejected.
    expect(found['owner']).toMatchObject({
      iopub: { received: true },
      heartbeat: { received: true },
      shell: { handshakes: 1 },
    });
    expect(received).toEqual([]);
    expect(rejected).toHaveLength(3);
  }));

/** What each kind of stranger got on each socket. */
async function knockFromPython(
  server: { publicKey: string; secretKey: Parameters<typeof exposeZ85>[0] },
  listener: Listener,
  publish: () => void,
): Promise<Record<string, unknown>> {
  const python = spawn(pythonPath(), [join(repository, 'test/support/programs/strangers.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const publishing = setInterval(publish, 20);
  try {
    const lines = createInterface(python.stdout)[Symbol.asyncIterator]();
    const endpoints = perSocket((name) => endpoint(listener.connection, name));
    const secret = exposeZ85(server.secretKey);
    python.stdin.end(JSON.stringify({ public: server.publicKey, secret, endpoints, seconds: 1.5 }));
    await lines.next();
    return JSON.parse(String((await lines.next()).value));
  } finally {
    clearInterval(publishing);
    python.kill();
    if (python.exitCode === null) await once(python, 'exit');
  }
}
