import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Listener } from '#src/transport/server/listener.js';
import { SOCKET_NAMES } from '#src/connection/per-socket.js';
import { eventually } from '../support/eventually.js';
import { aMessage, inRoom, type Room } from '../support/kernel/room.js';

/** Signature, version 3.1, mechanism, as-server. */
const greeting = (mechanism: string, asServer = 0): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
    Buffer.from(mechanism.padEnd(20, '\0'), 'latin1'),
    Buffer.from([asServer]),
    Buffer.alloc(31),
  ]);
/** The head of a long command frame that claims that many bytes. */
const claim = (bytes: bigint): Buffer => {
  const head = Buffer.alloc(9);
  head[0] = 0x06;
  head.writeBigUInt64BE(bytes, 1);
  return head;
};

const ATTACKS: Record<string, Buffer> = {
  'text of another protocol': Buffer.from('GET / HTTP/1.1\r\nHost: kernel\r\n\r\n'.repeat(20)),
  'random bytes': Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919 + 13) & 0xff)),
  'a greeting of ZMTP 1.0': Buffer.from([0x01, 0x00, 0x05, 0x00, 1, 2, 3, 4]),
  'a greeting of ZMTP 2.0': Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5, 0, 0, 0, 4, 1, 2, 3, 4]),
  'a NULL greeting and a READY': Buffer.concat([greeting('NULL'), Buffer.from([4, 6, 5, ...Buffer.from('READY')])]),
  'a PLAIN greeting and a HELLO': Buffer.concat([
    greeting('PLAIN'),
    Buffer.from([4, 8, 5, ...Buffer.from('HELLO'), 0, 0]),
  ]),
  'a CURVE greeting of another server': greeting('CURVE', 1),
  'a CURVE greeting and a short HELLO': Buffer.concat([
    greeting('CURVE'),
    Buffer.from([4, 6, 5, ...Buffer.from('HELLO')]),
  ]),
  'a CURVE greeting and a HELLO of zeros': Buffer.concat([
    greeting('CURVE'),
    Buffer.from([4, 200, 5, ...Buffer.from('HELLO'), 1, 0]),
    Buffer.alloc(192),
  ]),
  'a claim of 1 GiB': Buffer.concat([greeting('CURVE'), claim(2n ** 30n), Buffer.alloc(1024)]),
  'a claim of 2^63 bytes': Buffer.concat([greeting('CURVE'), claim(2n ** 63n), Buffer.alloc(1024)]),
  'a claim of 2^64 - 1 bytes': Buffer.concat([greeting('CURVE'), claim(2n ** 64n - 1n), Buffer.alloc(1024)]),
};

describe('on every socket', () => {
  test.each(Object.keys(ATTACKS))('%s ends that connection, and clients notice nothing', (name) =>
    inRoom(async (room) => {
      const listener = await room.listen({ limits: { handshake: 1_500 } });
      const client = await room.dial(listener);
      const strangers = SOCKET_NAMES.map((socket) => knock(room, listener.connection.ports[socket]));
      for (const { socket } of strangers) socket.write(ATTACKS[name] ?? '');
      await eventually(() => strangers.every(({ ended }) => ended()));
      await client.dialer.send('shell', aMessage('x_request'));
      await client.until(1);
      await room.dial(listener, { routingId: 'newcomer' });
    }),
  );
});

test('a greeting that stops anywhere, and one byte at a time, are cut off at the handshake limit', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { handshake: 1_500 } });
    const whole = Buffer.concat([greeting('CURVE'), Buffer.from([4, 200, 5, ...Buffer.from('HELLO')])]);
    const port = listener.connection.ports.shell;
    const strangers = Array.from({ length: whole.length }, (_, length) => {
      const stranger = knock(room, port);
      stranger.socket.write(whole.subarray(0, length));
      return stranger;
    });
    const slow = knock(room, port);
    const dripping = setInterval(
      (bytes) => slow.socket.write(Buffer.from([bytes.next().value ?? 0])),
      25,
      whole.values(),
    );
    room.after(() => clearInterval(dripping));
    await eventually(() => slow.ended() && strangers.every(({ ended }) => ended()));
    await works(room, listener);
  }));

test('two hundred connections that say nothing keep no client out, and are gone after the handshake limit', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { handshake: 1_500 } });
    const silent = Array.from({ length: 200 }, () => knock(room, listener.connection.ports.shell));
    await eventually(() => silent.every(({ socket }) => !socket.connecting));
    await works(room, listener);
    await eventually(() => silent.every(({ ended }) => ended()));
  }));

test('a stranger who sends what it claimed does not fill the memory of the kernel', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { messageBytes: 1_000_000, handshake: 2_000 } });
    const stranger = knock(room, listener.connection.ports.shell);
    stranger.socket.write(Buffer.concat([greeting('CURVE'), claim(2n ** 30n)]));
    const chunk = Buffer.alloc(1 << 20);
    const isTaken = (): Promise<boolean> =>
      new Promise((settle) => stranger.socket.write(chunk, (error) => settle(!error)));
    let taken = 0;
    while (taken < 64 && (await isTaken())) taken++;
    // The buffers of the system take some megabytes.
    expect(taken).toBeLessThan(16);
    await eventually(stranger.ended);
    await works(room, listener);
  }));

async function works(room: Room, listener: Listener): Promise<void> {
  const client = await room.dial(listener);
  await client.dialer.send('shell', aMessage('x_request'));
  await client.until(1);
}

function knock(room: Room, port: number): { socket: Socket; ended: () => boolean } {
  let ended = false;
  const socket = connect(port, '127.0.0.1');
  socket
    .resume()
    .on('error', () => undefined)
    .on('close', () => (ended = true));
  room.after(() => socket.destroy());
  return { socket, ended: () => ended };
}
