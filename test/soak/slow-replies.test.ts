import { expect, test } from '@jest/globals';
import { Dealer } from 'zeromq';
import { endpoint } from '#src/connection/endpoints.js';
import { encodeMessage } from '#src/protocol/frames.js';
import { createSigner } from '#src/protocol/signer.js';
import { dialCurve } from '#src/transport/curve-options.js';
import type { Listener, ListenerOptions } from '#src/transport/server/listener.js';
import { eventually, pause } from '../support/eventually.js';
import { aMessage, inRoom, type Room } from '../support/kernel/room.js';

const MEGABYTE = new Uint8Array(1_000_000);

/** Answers each request with its number and a megabyte. */
const answerLargely: ListenerOptions['onMessage'] = ({ channel, routing, message, listener }) =>
  listener.send(channel, routing, aMessage('reply', message.content, [MEGABYTE]));

test('a client that reads no replies delays no other, and gets all of them once it reads', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ onMessage: answerLargely });
    const stalled = await lazyClient(room, listener);
    await stalled.ask(60);
    const other = await room.dial(listener, { routingId: 'other' });
    for (let n = 0; n < 20; n++) await other.dialer.send('shell', aMessage('x_request', { n }));
    await other.until(20);
    expect(await stalled.read(60)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  }));

test('when too many bytes of replies wait, requests are not taken in on that channel, and nothing is dropped', () =>
  inRoom(async (room) => {
    const taken: unknown[] = [];
    const listener = await room.listen({
      limits: { queuedReplies: 10_000_000 },
      onMessage(received) {
        taken.push(received.message.content);
        answerLargely(received);
      },
    });
    const stalled = await lazyClient(room, listener);
    await stalled.ask(200);
    // It stands still: what the socket and the system buffer, what the queue may hold, and no more.
    for (let before = -1; before !== taken.length; await pause(300)) before = taken.length;
    expect(taken.length).toBeGreaterThan(10);
    expect(taken.length).toBeLessThan(150);
    const other = await room.dial(listener, { routingId: 'other' });
    await other.dialer.send('control', aMessage('x_request', { n: 0 }));
    await other.until(1);
    expect(await stalled.read(200)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  }));

test('what waits for a client goes when the client does, and those that come later are served', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { queuedReplies: 10_000_000 }, onMessage: answerLargely });
    const stalled = await lazyClient(room, listener);
    await stalled.ask(200);
    await pause(300);
    stalled.close();
    const other = await room.dial(listener, { routingId: 'other' });
    await other.dialer.send('shell', aMessage('x_request', { n: 1 }));
    await eventually(() => other.received.length === 1);
    expect(other.received[0]?.message.content).toEqual({ n: 1 });
  }));

test('replies that wait when the listener closes with a linger arrive, in order', () =>
  inRoom(async (room) => {
    let answered = 0;
    const onMessage: ListenerOptions['onMessage'] = (message) => (answered++, answerLargely(message));
    const listener = await room.listen({ onMessage });
    const stalled = await lazyClient(room, listener);
    await stalled.ask(60);
    await eventually(() => answered === 60);
    const closed = listener.close({ linger: 60_000 });
    expect(await stalled.read(60)).toEqual(Array.from({ length: 60 }, (_, n) => n));
    await closed;
  }));

/** A client that holds the shared pair and reads replies only when it is told to. */
async function lazyClient(room: Room, { connection }: Listener) {
  const socket = new Dealer({ linger: 0, receiveHighWaterMark: 1, receiveTimeout: 60_000, routingId: 'lazy' });
  room.after(() => socket.close());
  dialCurve(socket, { client: room.server, serverKey: room.server.publicKey });
  socket.connect(endpoint(connection, 'shell'));
  const signer = createSigner(connection.signatureScheme, connection.key);
  return {
    close: () => socket.close(),
    async ask(count: number): Promise<void> {
      for (let n = 0; n < count; n++) await socket.send(encodeMessage(aMessage('x_request', { n }), signer));
    },
    async read(count: number): Promise<unknown[]> {
      const numbers: unknown[] = [];
      while (numbers.length < count) {
        const [, , , , , content] = await socket.receive();
        numbers.push(JSON.parse(String(content)).n);
      }
      return numbers;
    },
  };
}
