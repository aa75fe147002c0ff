import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { probe, type ProbeAs, type ProbeResult } from '#src/transport/client/probe.js';
import type { Listener, ReceivedMessage } from '#src/transport/server/listener.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { perSocket, SOCKET_NAMES } from '#src/connection/per-socket.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { aMessage, inRoom } from '../../support/kernel/room.js';

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

test('strangers from Node are refused on every channel, over tcp and ipc', () =>
  inRoom(async (room) => {
    const folder = await room.folder();
    const other = await generateCurvePair();
    for (const connection of [room.plain, { ...room.plain, transport: 'ipc' as const, ip: join(folder, 's') }]) {
      const listener = await room.listen({ connection });
      const results = async (as: ProbeAs): Promise<ProbeResult[]> =>
        await Promise.all(SOCKET_NAMES.map((name) => probe(endpoint(listener.connection, name), as, name)));
      const server = { mechanism: 'curve', serverKey: room.server.publicKey } as const;

      for (const result of await results({ mechanism: 'null' })) {
        expect(['refused', 'mechanism-mismatch']).toContain(result);
      }
      expect(await results({ mechanism: 'curve', serverKey: other.publicKey })).toEqual(Array(5).fill('refused'));
      expect(await results({ mechanism: 'curve', serverKey: other.publicKey, client: room.server })).toEqual(
        Array(5).fill('refused'),
      );
      expect(await results(server)).toEqual(['refused', 'refused', 'refused', 'refused', 'admitted']);
      expect(await results({ ...server, client: other })).toEqual([
        'refused',
        'refused',
        'refused',
        'refused',
        'admitted',
      ]);
      expect(await results({ ...server, client: room.server })).toEqual(Array(5).fill('admitted'));
    }
  }));

test("a listener for one key refuses every other key, the kernel's own and the key of another listener included", () =>
  inRoom(async (room) => {
    const [ada, bob] = [await generateCurvePair(), await generateCurvePair()];
    const forAda = await room.listen({ name: 'ada', admit: [ada.publicKey] });
    const forBob = await room.listen({ name: 'bob', admit: [bob.publicKey] });
    const curve = { publicKey: room.server.publicKey };
    const dial = (listener: Listener, client: typeof ada): Promise<unknown> =>
      room.dial(listener, { client, connection: { ...listener.connection, curve } });

    await dial(forAda, ada);
    await dial(forBob, bob);
    await expect(dial(forAda, bob)).rejects.toMatchObject({ code: 'peer-refused' });
    await expect(dial(forBob, ada)).rejects.toMatchObject({ code: 'peer-refused' });
    await expect(dial(forAda, room.server)).rejects.toMatchObject({ code: 'peer-refused' });
  }));

test('a listener closes for one identity and nobody else notices', () =>
  inRoom(async (room) => {
    const [ada, bob] = [await generateCurvePair(), await generateCurvePair()];
    const forAda = await room.listen({ name: 'ada', admit: [ada.publicKey] });
    const forBob = await room.listen({ name: 'bob', admit: [bob.publicKey] });
    const curve = { publicKey: room.server.publicKey };
    const failures: string[] = [];
    const dial = (listener: Listener, name: string, client: typeof ada) =>
      room.dial(listener, {
        client,
        connection: { ...listener.connection, curve },
        onFailure: ({ code }) => failures.push(`${name} ${code}`),
      });
    const one = await dial(forAda, 'ada', ada);
    const two = await dial(forBob, 'bob', bob);
    await forAda.close();
    await expect(one.dialer.heartbeat({ timeout: 2_000 })).rejects.toMatchObject({ code: 'peer-lost' });
    await two.dialer.send('shell', aMessage('x_request'));
    await two.until(1);
    expect(failures).toEqual(['ada peer-lost']);
    expect(one.received).toEqual([]);
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
