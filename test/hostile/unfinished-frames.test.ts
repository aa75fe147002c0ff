/** Frames that are claimed and not sent: what they cost is bounded, and they end. */
import { createServer, connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Dealer } from 'zeromq';
import { endpoint } from '#src/connection/endpoints.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { DEFAULT_LISTENER_LIMITS } from '#src/transport/server/listener-limits.js';
import type { Listener } from '#src/transport/server/listener.js';
import { eventually } from '../support/eventually.js';
import { aMessage, inRoom, listenAnywhere, type Room } from '../support/kernel/room.js';

const MEBIBYTE = 1024 * 1024;

/** A client with the key, whose bytes stop after so many, and then come one at a time. */
async function stuckPeer(room: Room, listener: Listener, frame: number, after: number): Promise<() => boolean> {
  let ended = false;
  const proxy = createServer((client) => {
    const kernel = connect(listener.connection.ports.shell, '127.0.0.1');
    const timers: NodeJS.Timeout[] = [];
    let passed = 0;
    kernel.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      passed += bytes.length;
      if (passed < after) {
        kernel.write(bytes);
        return;
      }
      client.pause();
      timers.push(setInterval(() => kernel.write(bytes.subarray(0, 1)), 50));
    });
    const end = (): void => {
      ended = true;
      for (const timer of timers) clearInterval(timer);
      client.destroy();
      kernel.destroy();
    };
    for (const socket of [client, kernel]) socket.on('error', end).on('close', end);
    room.after(end);
  });
  const port = await listenAnywhere(room, proxy);
  const { publicKey, secretKey } = room.server;
  const dealer = new Dealer({ linger: 0, reconnectInterval: -1 });
  room.after(() => dealer.close());
  secretKey.expose((bytes) => Object.assign(dealer, { curveSecretKey: bytes }));
  Object.assign(dealer, { curvePublicKey: publicKey, curveServerKey: publicKey });
  dealer.connect(`tcp://127.0.0.1:${port}`);
  await dealer.send(Buffer.alloc(frame));
  return () => ended;
}

describe('after authentication', () => {
  test('frames that are never finished hold up no other client, and end with the grant', () =>
    inRoom(async (room) => {
      const listener = await room.listen();
      const client = await room.dial(listener);
      const stuck: (() => boolean)[] = [];
      for (let count = 0; count < 10; count++) stuck.push(await stuckPeer(room, listener, MEBIBYTE, 300_000));
      for (let count = 1; count <= 20; count++) {
        await client.dialer.send('shell', aMessage('x_request'));
        await client.until(count);
      }
      expect(stuck.map((isOver) => isOver())).not.toContain(true);
      await listener.close();
      await eventually(() => stuck.every((isOver) => isOver()));
    }));

  test('the frames of a sender that may send nothing large are limited as its messages are', () =>
    inRoom(async (room) => {
      const rejected: ListenerEvent[] = [];
      const rights = { sendsLarge: () => false, maySend: () => true };
      const onEvent = (event: ListenerEvent): void => void rejected.push(event);
      const listener = await room.listen({ rights, onEvent, limits: { smallMessageBytes: 20_000 } });
      const client = await room.dial(listener);
      await client.dialer.send('shell', aMessage('x_request', {}, [Buffer.alloc(15_000)]));
      await client.until(1);
      // Two frames within the limit are one message beyond it.
      await client.dialer.send('shell', aMessage('x_request', {}, [Buffer.alloc(15_000), Buffer.alloc(15_000)]));
      await eventually(() => rejected.some(({ kind }) => kind === 'message-rejected'));
      const isOver = await stuckPeer(room, listener, MEBIBYTE, 30_000);
      await eventually(isOver);
    }));
});

describe('before authentication', () => {
  test.each(['shell', 'control', 'stdin', 'iopub', 'heartbeat'] as const)(
    'a claim beyond the limit of %s is refused by its first bytes',
    (name) =>
      inRoom(async (room) => {
        const listener = await room.listen({ limits: { handshake: 60_000 } });
        const limit = { stdin: MEBIBYTE, iopub: 1024, heartbeat: 4096 } as Partial<Record<typeof name, number>>;
        const most = limit[name] ?? DEFAULT_LISTENER_LIMITS.frameBytes;
        const { port } = new URL(endpoint(listener.connection, name));
        const [within, beyond] = [most, most + 1].map((bytes) => {
          let ended = false;
          const socket = connect(Number(port), '127.0.0.1', () => socket.write(claim(bytes)));
          socket
            .resume()
            .on('error', () => undefined)
            .on('close', () => (ended = true));
          room.after(() => socket.destroy());
          return () => ended;
        });
        await eventually(() => beyond?.() === true);
        expect(within?.()).toBe(false);
      }),
  );
});

/** A greeting, and the head of a command that claims so many bytes. */
function claim(bytes: number): Buffer {
  const head = Buffer.alloc(9);
  head[0] = 0x06;
  head.writeBigUInt64BE(BigInt(bytes), 1);
  const signature = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
  return Buffer.concat([signature, Buffer.from('CURVE'.padEnd(20, '\0'), 'latin1'), Buffer.alloc(32), head]);
}
