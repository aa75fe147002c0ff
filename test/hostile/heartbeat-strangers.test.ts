/** Heartbeat is open to whoever knows the public key. */
import { generateCurvePairSync } from '#src/keys/curve-pair.js';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Dealer } from 'zeromq';
import { endpoint } from '#src/connection/endpoints.js';
import { dialCurve } from '#src/transport/curve-options.js';
import type { Listener } from '#src/transport/server/listener.js';
import { watchSocket } from '#src/transport/watch-socket.js';
import { eventually } from '../support/eventually.js';
import { inRoom, type Room } from '../support/kernel/room.js';

test('what waits for a stranger who pings and does not read is little, and all others get their echoes', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const greedy = stranger(room, listener, { receiveHighWaterMark: 1 });
    const ping = Buffer.alloc(4_000, 1);
    for (let count = 0; count < 20_000; count++) await greedy.send(['', ping]);
    const { dialer } = await room.dial(listener);
    expect(await dialer.heartbeat()).toBeGreaterThan(0);

    let asking = true;
    const asked = askUntil(greedy, () => !asking);
    let echoes = 0;
    while (String((await greedy.receive()).at(-1)) !== 'end') echoes++;
    asking = false;
    await asked;
    // The system's own buffers hold some megabytes of them.
    expect(echoes).toBeLessThan(10_000);
  }));

test('a ping of more than a few kilobytes ends the connection of its sender', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    const clumsy = stranger(room, listener);
    let ended = false;
    void watchSocket(clumsy, ({ type }) => (ended ||= type === 'disconnect'));
    await clumsy.send(['', Buffer.alloc(3_000)]);
    expect(await clumsy.receive()).toHaveLength(2);
    await clumsy.send(['', Buffer.alloc(5_000)]);
    await eventually(() => ended);
  }));

/** Pings that the listener leaves unanswered are dropped, so one is not enough; a socket sends one at a time. */
async function askUntil(socket: Dealer, done: () => boolean): Promise<void> {
  while (!done()) {
    await socket.send(['', 'end']).catch(() => undefined);
    await delay(20);
  }
}

function stranger(room: Room, listener: Listener, options: object = {}): Dealer {
  const socket = new Dealer({ linger: 0, receiveTimeout: 60_000, reconnectInterval: -1, ...options });
  room.after(() => socket.close());
  dialCurve(socket, { client: generateCurvePairSync(), serverKey: room.server.publicKey });
  socket.connect(endpoint(listener.connection, 'heartbeat'));
  return socket;
}
