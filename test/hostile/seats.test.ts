/** Seats: what a listener admits at once. Strangers, and connections that ended in whatever way, take none of them for good. */
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { Dealer, Subscriber } from 'zeromq';
import { type CurvePair, generateCurvePairSync } from '#src/keys/curve-pair.js';
import type { SocketName } from '#src/protocol/message.js';
import { dialCurve } from '#src/transport/curve-options.js';
import type { Listener } from '#src/transport/server/listener.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { watchSocket } from '#src/transport/watch-socket.js';
import { eventually, pause } from '../support/eventually.js';
import { aMessage, inRoom, type Room } from '../support/kernel/room.js';
import { openFlippingRelay, type FlippingRelay } from '../support/flipping-relay.js';

/** As a kernel opens them: connections to shell are monitored from the start. */
const asAKernel = (room: Room, onEvent: (event: ListenerEvent) => void = () => undefined): Promise<Listener> =>
  room.listen({ monitor: ['shell'], onEvent });

test.each(['shell', 'control', 'iopub'] as const)(
  'an attacker on the path to %s, without a key, who flips a bit in each of 70 connections takes no seat from the owner',
  (name) =>
    inRoom(async (room) => {
      const events: ListenerEvent[] = [];
      const listener = await asAKernel(room, (event) => events.push(event));
      const relay = await openFlippingRelay(room, listener.connection.ports[name]);
      for (let count = 0; count < 70; count++) await loseToAFlip(relay, name, room.server, room.server);
      await works(room, listener, 'owner');
      // Nobody has been told that a handshake failed: none did.
      expect(events.filter(({ kind }) => kind === 'handshake-failed' || kind === 'peer-refused')).toEqual([]);
      if (name !== 'shell') return;
      await eventually(() => events.filter(({ kind }) => kind === 'peer-left').length >= 64);
    }),
  120_000,
);

test(
  'a stranger who knows the public key, and breaks 70 connections to heartbeat, takes no seat there',
  () =>
    inRoom(async (room) => {
      const listener = await asAKernel(room);
      const relay = await openFlippingRelay(room, listener.connection.ports.heartbeat);
      for (let count = 0; count < 70; count++)
        await loseToAFlip(relay, 'heartbeat', generateCurvePairSync(), room.server);
      await works(room, listener, 'owner');
    }),
  120_000,
);

test('connections that fail while others are there, in whatever way, are no peers that left, and free no seat that is taken', () =>
  inRoom(async (room) => {
    const left: ListenerEvent[] = [];
    const listener = await room.listen({
      limits: { peers: 4, messageBytes: 100_000 },
      onEvent: (event) => event.kind === 'peer-left' && left.push(event),
    });
    for (let n = 0; n < 4; n++) await room.dial(listener, { routingId: `client-${n}` });
    for (let count = 0; count < 20; count++) {
      // A frame beyond the limit, before the handshake: libzmq says of it that a connection ended, and no more.
      await tcpUntilEnd(listener.connection.ports.shell, Buffer.concat([GREETING, CLAIM]));
      await tcpUntilEnd(listener.connection.ports.shell, Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(20)));
    }
    expect(left).toEqual([]);
    await expect(room.dial(listener, { routingId: 'fifth', timeout: 1_500 })).rejects.toMatchObject({
      code: 'peer-silent',
    });
  }));

// libzmq 4.3.5 stops reading a monitored connection after a message that it cannot decrypt. It must not be asked to ping there.
test('connections that libzmq stopped reading, and whose peers have gone, do not end the process', () =>
  inRoom(async (room) => {
    const listener = await asAKernel(room);
    const pinging = await room.listen({
      monitor: ['shell'],
      onEvent: () => undefined,
      limits: { unresponsive: 3_000 },
    });
    for (const one of [listener, pinging]) {
      const relay = await openFlippingRelay(room, one.connection.ports.shell);
      for (let count = 0; count < 10; count++) await loseToAFlip(relay, 'shell', room.server, room.server);
    }
    await pause(3_000);
    for (const one of [listener, pinging]) await works(room, one, 'owner');
  }));

test('where there is no seat, a stock client waits, and is served when one is given back', () =>
  inRoom(async (room) => {
    const limitExceeded: ListenerEvent[] = [];
    const listener = await room.listen({
      limits: { peers: 2, handshake: 1_000 },
      onEvent: (event) => event.kind === 'peer-refused' && limitExceeded.push(event),
    });
    const first = await room.dial(listener, { routingId: 'one' });
    await room.dial(listener, { routingId: 'two' });
    const third = stockClient(room, listener, 'shell');
    await eventually(() => limitExceeded.length > 0);
    expect(limitExceeded[0]).toMatchObject({ kind: 'peer-refused', limitExceeded: true });
    await first.dialer.close();
    await third.handshake;
  }));

const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from('CURVE'.padEnd(20, '\0'), 'latin1'),
  Buffer.alloc(32),
]);
/** The head of a long command frame of 2^30 bytes. */
const CLAIM = Buffer.from([6, 0, 0, 0, 0, 64, 0, 0, 0]);

function tcpUntilEnd(port: number, bytes: Buffer): Promise<void> {
  return new Promise((ended) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket
      .resume()
      .on('error', () => undefined)
      .once('close', () => ended());
  });
}

/** Connects through the relay with a right key, and sends one message, of which a bit is changed on the way. */
async function loseToAFlip(
  relay: FlippingRelay,
  name: SocketName,
  client: CurvePair,
  server: CurvePair,
): Promise<void> {
  const socket = name === 'iopub' ? new Subscriber({ linger: 0 }) : new Dealer({ linger: 0 });
  dialCurve(socket, { client, serverKey: server.publicKey });
  const seen: string[] = [];
  const gone = watchSocket(socket, ({ type }) => seen.push(type));
  socket.connect(`tcp://127.0.0.1:${relay.port}`);
  // The kernel binds the socket anew when many connections are stuck.
  await eventually(() => seen.includes('handshake'));
  relay.flip();
  if (socket instanceof Subscriber) socket.subscribe('a topic');
  else await socket.send(['', 'content']);
  // The kernel does not always end such a connection.
  await pause(20);
  // So that it does not come back by itself.
  socket.close();
  await gone;
}

function stockClient(room: Room, listener: Listener, name: SocketName): { readonly handshake: Promise<void> } {
  const socket = new Dealer({ linger: 0 });
  dialCurve(socket, { client: room.server, serverKey: room.server.publicKey });
  const handshake = new Promise<void>((done) => {
    void watchSocket(socket, ({ type }) => type === 'handshake' && done());
  });
  socket.connect(`tcp://127.0.0.1:${listener.connection.ports[name]}`);
  room.after(() => socket.close());
  return { handshake };
}

async function works(room: Room, listener: Listener, routingId: string): Promise<void> {
  const client = await room.dial(listener, { routingId });
  expect(await client.dialer.heartbeat()).toBeGreaterThan(0);
  await client.dialer.send('shell', aMessage('x_request'));
  await client.until(1);
}
