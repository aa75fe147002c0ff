import { expect, test } from '@jest/globals';
import { Subscriber } from 'zeromq';
import { endpoint } from '#src/connection/endpoints.js';
import type { Message } from '#src/protocol/message.js';
import { dialCurve } from '#src/transport/curve-options.js';
import type { Listener } from '#src/transport/server/listener.js';
import { eventually, pause } from '../support/eventually.js';
import { aMessage, inRoom, type Client, type Room } from '../support/kernel/room.js';

test('ten thousand messages published in one go all arrive, in order', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const { received, until } = await subscribed(room, listener);
    for (let count = 0; count < 10_000; count++) listener.publish(aMessage('stream', { count }));
    await until(10_000);
    expect(received.map(({ message }) => message.content['count'])).toEqual(
      Array.from({ length: 10_000 }, (_, n) => n),
    );
  }));

test('a client with the queue of a stock client that reads only later has lost nothing of ten thousand messages', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const stock = await stockSubscriber(room, listener);
    for (let count = 0; count < 10_000; count++)
      listener.publish(aMessage('stream', { count, text: 'x'.repeat(2_000) }));
    await pause(300);
    const counts: unknown[] = [];
    while (counts.length < 10_000) counts.push((await stock.next()).count);
    expect(counts).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  }));

test('two hundred requests sent at once are all received and answered, in order', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const { dialer, received, until } = await room.dial(listener);
    await Promise.all(
      Array.from({ length: 200 }, (_, count) => dialer.send('shell', aMessage('execute_request', { count }))),
    );
    await until(200);
    expect(received.map(({ message }) => message.content['count'])).toEqual(Array.from({ length: 200 }, (_, n) => n));
  }));

test('what a client is sent just before the listener closes with a linger still arrives', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const { received, until } = await subscribed(room, listener);
    for (let count = 0; count < 2_000; count++) listener.publish(aMessage('stream', { count, text: 'x'.repeat(500) }));
    await listener.close({ linger: 60_000 });
    await until(2_000);
    expect(received.at(-1)?.message.content['count']).toBe(1_999);
  }));

/** A client that receives what is published from now on. */
async function subscribed(room: Room, listener: Listener): Promise<Client> {
  const received: Client['received'] = [];
  const probes: Message[] = [];
  const { dialer } = await room.dial(listener, {
    onMessage: (channel, message) => {
      if (message.header.msg_type === 'probe') probes.push(message);
      else received.push({ channel, message });
    },
  });
  while (probes.length === 0) {
    listener.publish(aMessage('probe'));
    await pause(5);
  }
  return { dialer, received, until: (count) => eventually(() => received.length >= count) };
}

/** A subscriber with the options of a stock client, which reads when it is told to. */
async function stockSubscriber(room: Room, listener: Listener) {
  const { server } = room;
  const socket = new Subscriber({ linger: 0, receiveTimeout: 60_000 });
  room.after(() => socket.close());
  dialCurve(socket, { client: server, serverKey: server.publicKey });
  socket.subscribe('stream', 'display_data', 'hello');
  socket.connect(endpoint(listener.connection, 'iopub'));
  const first = socket.receive();
  const publishing = setInterval(() => listener.publish(aMessage('hello')), 5);
  room.after(() => clearInterval(publishing));
  await first;
  clearInterval(publishing);
  return {
    /** The next message that is no hello. */
    next: async (): Promise<{ count?: unknown }> => {
      for (;;) {
        const [topic, , , , , , content] = await socket.receive();
        if (String(topic) !== 'hello') return JSON.parse(String(content));
      }
    },
  };
}
