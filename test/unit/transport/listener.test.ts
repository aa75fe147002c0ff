import { describe, expect, test } from '@jest/globals';
import { XSubscriber } from 'zeromq';
import { endpoint } from '#src/connection/endpoints.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { dialCurve } from '#src/transport/curve-options.js';
import type { ReceivedMessage } from '#src/transport/server/listener.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { TransportContext } from '#src/transport/transport-context.js';
import { eventually, pause } from '../../support/eventually.js';
import { freePorts } from '../../support/free-ports.js';
import { aMessage, echo, encrypted, inRoom } from '../../support/kernel/room.js';

describe.each(['encrypted', 'plain'] as const)('an %s listener', (kind) => {
  test('answers on the channel and to the client that asked', () =>
    inRoom(async (room) => {
      const listener = await (kind === 'encrypted' ? room.listen() : room.listenPlain());
      const [one, two] = [
        await room.dial(listener, { routingId: 'one' }),
        await room.dial(listener, { routingId: 'two' }),
      ];
      for (const channel of ['shell', 'control', 'stdin'] as const) {
        await one.dialer.send(channel, aMessage('x_request', { from: 'one', channel }));
        await two.dialer.send(channel, aMessage('x_request', { from: 'two', channel }));
      }
      await Promise.all([one.until(3), two.until(3)]);
      for (const [name, client] of [
        ['one', one],
        ['two', two],
      ] as const) {
        expect(client.received.map(({ channel }) => channel).toSorted()).toEqual(['control', 'shell', 'stdin']);
        for (const { channel, message } of client.received) expect(message.content).toEqual({ from: name, channel });
      }
    }));

  test('says for each socket how it is protected, and answers heartbeats', () =>
    inRoom(async (room) => {
      const listener = await (kind === 'encrypted' ? room.listen() : room.listenPlain());
      const { dialer } = await room.dial(listener);
      const mechanisms = Object.values(dialer.security()).map(({ mechanism }) => mechanism);
      expect(mechanisms).toEqual(Array(5).fill(kind === 'encrypted' ? 'curve' : 'null'));
      expect(new Set(Object.values(dialer.security()).map((socket) => socket.endpoint)).size).toBe(5);
      expect(await dialer.heartbeat()).toBeGreaterThan(0);
    }));
});

test('binary buffers arrive as they were sent, also when the sender reuses its memory', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const { dialer, received, until } = await room.dial(listener);
    const buffer = new Uint8Array(100_000).fill(7);
    await dialer.send('shell', aMessage('comm_msg', {}, [buffer, new Uint8Array(0), buffer.subarray(10, 12)]));
    buffer.fill(0);
    await until(1);
    const buffers = received[0]?.message.buffers.map((bytes) => [bytes.length, bytes[0]]);
    expect(buffers).toEqual([
      [100_000, 7],
      [0, undefined],
      [2, 7],
    ]);
  }));

test('every subscription is reported, also when somebody has subscribed to the same before', () =>
  inRoom(async (room) => {
    const topics: string[] = [];
    const listener = await room.listen({ onSubscribe: (topic) => topics.push(Buffer.from(topic).toString()) });
    await room.dial(listener, { routingId: 'one' });
    await room.dial(listener, { routingId: 'two' });
    await eventually(() => topics.length === 2);
    expect(topics).toEqual(['', '']);
  }));

test('a client that comes back under its old routing id gets its answers, also while the old connection still stands', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const before = await room.dial(listener, { routingId: 'session' });
    await before.dialer.send('shell', aMessage('x_request'));
    await before.until(1);
    const after = await room.dial(listener, { routingId: 'session' });
    await after.dialer.send('shell', aMessage('x_request'));
    await after.until(1);
    expect(before.received).toHaveLength(1);
  }));

test('a bad message costs its sender that message and nobody anything else', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const listener = await room.listen({ onEvent: (event) => events.push(event) });
    const forger = await room.dial(listener, {
      routingId: 'forger',
      connection: { ...listener.connection, key: Secret.fromText('another') },
    });
    const honest = await room.dial(listener, { routingId: 'honest' });
    await forger.dialer.send('shell', aMessage('execute_request'));
    await eventually(() => events.some(({ kind }) => kind === 'message-rejected'));
    await honest.dialer.send('shell', aMessage('x_request'));
    await honest.until(1);
    const rejected = events.filter((event) => event.kind === 'message-rejected');
    expect(rejected.map(({ channel, error }) => [channel, error.code])).toEqual([['shell', 'message-unsigned']]);
    expect(await forger.dialer.heartbeat()).toBeGreaterThan(0);
  }));

test('a kernel may say a million things in one message, and a client that does so to a kernel is refused', () =>
  inRoom(async (room) => {
    const rejected: unknown[] = [];
    const listener = await room.listen({
      onMessage({ channel, routing, listener: self, fault }) {
        if (fault) rejected.push(fault.code);
        else self.send(channel, routing, aMessage('reply', { many }));
      },
    });
    const many = Array.from({ length: 1_000_000 }, (_, n) => n);
    const { dialer, received, until } = await room.dial(listener);
    await dialer.send('shell', aMessage('x_request'));
    await until(1);
    expect(JSON.stringify(received[0]?.message.content)).toBe(JSON.stringify({ many }));
    await dialer.send('shell', aMessage('x_request', { many }));
    await eventually(() => rejected.length === 1);
    expect(rejected).toEqual(['message-too-large']);
  }));

test('a message that is replayed is rejected on every channel of the listener', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const listener = await room.listen({ onEvent: (event) => events.push(event) });
    const { dialer, received } = await room.dial(listener);
    const message = aMessage('execute_request');
    await dialer.send('shell', message);
    await dialer.send('shell', message);
    await eventually(() => received.length > 0);
    await dialer.send('control', message);
    await eventually(() => events.filter(({ kind }) => kind === 'message-rejected').length === 2);
    expect(received).toHaveLength(1);
  }));

test('a handler that throws is reported, and the next message is handled', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const listener = await room.listen({ onMessage: echoOrFail, onEvent: (event) => events.push(event) });
    const { dialer, until } = await room.dial(listener);
    await dialer.send('shell', aMessage('x_request', { fail: true }));
    await dialer.send('shell', aMessage('x_request'));
    await until(1);
    const failure = events.find(({ kind }) => kind === 'handler-failed');
    expect(failure).toMatchObject({ socket: 'shell', error: new Error('a bug') });
  }));

test('peers are reported when they are let in and when they leave', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const listener = await room.listen({ onEvent: (event) => events.push(event) });
    const { dialer } = await room.dial(listener);
    const accepted = { kind: 'peer-accepted', address: '127.0.0.1', publicKey: room.server.publicKey };
    for (const socket of ['shell', 'iopub', 'stdin', 'control', 'heartbeat']) {
      expect(events).toContainEqual({ ...accepted, socket });
    }
    await dialer.close();
    await eventually(() => events.filter(({ kind }) => kind === 'peer-left').length >= 5);
    expect(events).toHaveLength(10);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['peer-accepted', 'peer-left']));
  }));

test('where nobody was, nobody is reported: the knocks of the self-check are nobody', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    for (let round = 0; round < 50; round++) {
      // Ports of the system may have been those of another test's kernel, whose clients look for it.
      const [shell, iopub, stdin, control, heartbeat] = await freePorts();
      const connection = { ...room.plain, ports: { shell, iopub, stdin, control, heartbeat } };
      const listener = await room.listen({ connection, onEvent: (event) => events.push(event) });
      await pause(5);
      await listener.close();
    }
    expect(events).toEqual([]);
  }));

test('a peer that ends subscriptions which it never had takes nothing from others', () =>
  inRoom(async (room) => {
    const topics: string[] = [];
    const listener = await room.listen({ onSubscribe: (topic) => topics.push(Buffer.from(topic).toString()) });
    const { received } = await room.dial(listener);
    const liar = new Unfiltered();
    room.after(() => liar.close());
    dialCurve(liar, { client: room.server, serverKey: room.server.publicKey });
    liar.connect(endpoint(listener.connection, 'iopub'));
    await liar.send(Buffer.from([1, 0x7a]));
    for (let topic = 0; topic < 5; topic++) await liar.send(Buffer.from([0, 0x70, topic]));
    await liar.send(Buffer.from([1, 0x79]));
    await eventually(() => topics.includes('y'));
    await liar.send(Buffer.from([0, 0x7a]));
    await liar.send(Buffer.from([0, 0x79]));
    await liar.send(Buffer.from([0, 0x79]));
    await eventually(() => {
      listener.publish(aMessage('stream'));
      return received.length > 50;
    });
    await pause(100);
    expect(listener.hasSubscribers).toBe(true);
  }));

test('a connection that has keys is served neither without them nor with others', () =>
  inRoom(async (room) => {
    const connection = encrypted(room.plain, room.server);
    await expect(room.listenPlain({ connection })).rejects.toThrow(TypeError);
    const server = await generateCurvePair();
    await expect(room.listenPlain({ connection, server })).rejects.toMatchObject({ code: 'key-mismatch' });
  }));

test('a listener that finds no sockets left says so', () =>
  inRoom(async (room) => {
    for (const sockets of [4, 9, 14, 20]) {
      const context = new TransportContext();
      context.zmq.maxSockets = sockets;
      await expect(room.listen({ context, onEvent: () => undefined })).rejects.toThrow();
      await context.close();
    }
  }));

test('sending to a client that is gone, or after closing, is harmless', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    for (let count = 0; count < 1_000; count++) listener.send('shell', [Buffer.from('nobody')], aMessage('reply'));
    const { dialer, until } = await room.dial(listener);
    await dialer.send('shell', aMessage('x_request'));
    await until(1);
    await listener.close();
    listener.send('shell', [Buffer.from('client')], aMessage('reply'));
    listener.publish(aMessage('status'));
    await listener.close();
  }));

test('a frame beyond the limit ends the connection of its sender, who may come back', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { messageBytes: 100_000 } });
    const failures: string[] = [];
    const { dialer, until } = await room.dial(listener, { onFailure: ({ code }) => failures.push(code) });
    const other = await room.dial(listener, { routingId: 'other' });
    await dialer.send('shell', aMessage('comm_msg', {}, [new Uint8Array(200_000)]));
    await eventually(() => failures.length === 1);
    expect(failures).toEqual(['peer-lost']);
    await other.dialer.send('shell', aMessage('x_request'));
    await other.until(1);
    await eventually(() =>
      dialer.send('shell', aMessage('x_request')).then(
        () => true,
        () => false,
      ),
    );
    await until(1);
  }));

/** XSUB then filters nothing that it is given to send (ZMQ_XSUB_VERBOSE_UNSUBSCRIBE). */
class Unfiltered extends XSubscriber {
  constructor() {
    super({ linger: 0 });
    this.setBoolOption(115, true);
  }
}

const echoOrFail = (received: ReceivedMessage): void => {
  if (received.message.content['fail']) throw new Error('a bug');
  echo(received);
};
