import { expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { Header, Message } from '#src/protocol/message.js';
import type { Listener, ListenerOptions } from '#src/transport/server/listener.js';
import type { OutputLoss } from '#src/transport/server/publish-queue.js';
import { eventually, pause } from '../../support/eventually.js';
import { aMessage, inRoom, type Room } from '../../support/kernel/room.js';
import { startReader } from '../../support/kernel/start-reader.js';

const LARGE = 'x'.repeat(3_000_000);
const MEGABYTE = 2 ** 20;

/** 300 small messages, then 20 of 3 MB, then a small one. */
const SMALL_THEN_LARGE = [
  ...Array.from({ length: 300 }, (_, n) => aMessage('status', { n })),
  ...Array.from({ length: 20 }, (_, n) => aMessage('display_data', { n: 300 + n, data: { 'text/html': LARGE } })),
  aMessage('status', { n: 320 }),
];
const NUMBERS = SMALL_THEN_LARGE.map(({ content }) => content['n']);

test.each([
  ['at once', 0],
  ['slowly', 3],
])('a stock client that reads %s gets everything, in order, when large output follows small', (_, delay) =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const reader = await startReader(room, listener, delay);
    for (const message of SMALL_THEN_LARGE) listener.publish(message);
    expect((await reader.heard()).map(([, n]) => n)).toEqual(NUMBERS);
  }),
);

test('a stock client that is stopped and goes on again has lost nothing, and how much waits can be seen', () =>
  inRoom(async (room) => {
    const pressures: number[] = [];
    const listener = await room.listen({ onPressure: (bytes) => pressures.push(bytes) });
    const reader = await startReader(room, listener);
    reader.signal('SIGSTOP');
    for (const message of SMALL_THEN_LARGE) {
      listener.publish(message);
      await pause(1);
    }
    await eventually(() => pressures.length > 0);
    expect(listener.pressure).toBeGreaterThan(LARGE.length);
    await pause(1_000);
    reader.signal('SIGCONT');
    expect((await reader.heard()).map(([, n]) => n)).toEqual(NUMBERS);
    await eventually(() => listener.pressure === 0);
    expect(pressures.at(-1)).toBe(0);
  }));

test('what a slow client cannot be kept is large output alone, and it is told how much of it was lost, before the cell is idle', () =>
  inRoom(async (room) => {
    const { listener, losses } = await tellingLosses(room, { queuedOutput: 8 * MEGABYTE });
    const reader = await startReader(room, listener, 3);
    const sent: Message[] = [];
    for (let cell = 0; cell < 20; cell++) {
      const parent = aMessage('execute_request').header;
      sent.push(child(parent, 'status', { execution_state: 'busy' }), child(parent, 'execute_input', {}));
      for (let part = 0; part < 10; part++) sent.push(child(parent, 'stream', { text: 'x'.repeat(500_000) }));
      sent.push(child(parent, 'comm_msg', { data: 'x'.repeat(20_000) }), child(parent, 'error', {}));
      sent.push(child(parent, 'status', { execution_state: 'idle' }));
    }
    for (const message of sent) listener.publish(message);
    const heard = await reader.heard();

    const wanted = sent.filter(({ header }) => header.msg_type !== 'stream').map(({ header }) => header.msg_type);
    expect(heard.flatMap(([type]) => (type === 'stream' || type === 'told' ? [] : [type]))).toEqual(wanted);
    const dropped = losses.reduce((sum, loss) => sum + (loss.kind === 'dropped' ? loss.messages : 0), 0);
    expect(dropped).toBeGreaterThan(100);
    expect(heard.filter(([type]) => type === 'stream').length + dropped).toBe(200);
    const told = heard.flatMap(([type, , loss]) => (type === 'told' ? [loss] : []));
    expect(told).toEqual(losses.map((loss) => JSON.parse(JSON.stringify(loss))));
    // Each cell's loss stands before that cell's idle.
    const last = heard.findLastIndex(([type]) => type === 'told');
    expect(heard[last + 1]?.[0]).toBe('status');
  }));

test('a stopped client holds up another that uses the same connection for no longer than the limit, and that one loses nothing', () =>
  inRoom(async (room) => {
    const { listener, losses } = await tellingLosses(room, { stalled: 500 });
    const stopped = await startReader(room, listener);
    const other = await startReader(room, listener);
    stopped.signal('SIGSTOP');
    for (const message of SMALL_THEN_LARGE) listener.publish(message);
    for (const message of SMALL_THEN_LARGE) listener.publish(message);
    const heard = await other.heard();
    expect(heard.flatMap(([type, n]) => (type === 'told' ? [] : [n]))).toEqual([...NUMBERS, ...NUMBERS]);
    expect(losses.map(({ kind }) => kind)).toEqual(['left-out']);
    expect(heard.filter(([type]) => type === 'told')).toHaveLength(1);
    // The one that was left out hears again what is published once it reads.
    stopped.signal('SIGCONT');
    expect((await stopped.heard()).length).toBeLessThan(NUMBERS.length * 2);
  }));

test('a stopped client of one listener is not noticed by the client of another', () =>
  inRoom(async (room) => {
    const { listener, losses } = await tellingLosses(room, {});
    const ofOther = await tellingLosses(room, {});
    const stopped = await startReader(room, listener);
    const other = await startReader(room, ofOther.listener);
    stopped.signal('SIGSTOP');
    for (const message of SMALL_THEN_LARGE) for (const one of [listener, ofOther.listener]) one.publish(message);
    expect((await other.heard()).map(([, n]) => n)).toEqual(NUMBERS);
    expect([...losses, ...ofOther.losses]).toEqual([]);
  }));

/** A listener that publishes what is lost as messages of type `told`. */
async function tellingLosses(room: Room, limits: NonNullable<ListenerOptions['limits']>) {
  const losses: OutputLoss[] = [];
  const listener: Listener = await room.listen({
    limits,
    onLoss(loss) {
      losses.push(loss);
      listener.publish(aMessage('told', { loss: JSON.parse(JSON.stringify(loss)) }));
    },
  });
  return { listener, losses };
}

const child = (parent: Header, msgType: string, content: Message['content']): Message =>
  createMessage({ session: 'test', username: 'test' }, msgType, content, { parent });
