/** Anonymous clients share a listener, and choose their routing ids themselves. */
import { expect, test } from '@jest/globals';
import type { ReceivedMessage } from '#src/transport/server/listener.js';
import { generateCurvePairSync } from '#src/keys/curve-pair.js';
import { eventually, pause } from '../support/eventually.js';
import { aMessage, inRoom, type Client } from '../support/kernel/room.js';

test.each(['shell', 'control', 'stdin'] as const)(
  'a stranger who takes the routing id of another one on %s gets nothing that is the other one’s, and that one goes on',
  (channel) =>
    inRoom(async (room) => {
      const asked: ReceivedMessage[] = [];
      const listener = await room.listen({
        admit: () => true,
        admitsStrangers: true,
        onMessage: (message) => asked.push(message),
      });
      const stranger = (): Promise<Client> =>
        room.dial(listener, {
          routingId: 'the same',
          client: generateCurvePairSync(),
          connection: { ...listener.connection, curve: { publicKey: room.server.publicKey } },
        });
      const answer = (n: number): void => listener.send(channel, asked[n]?.routing ?? [], aMessage('reply', { n }));

      const first = await stranger();
      await first.dialer.send(channel, aMessage('x_request'));
      await eventually(() => asked.length === 1);
      const second = await stranger();
      await second.dialer.send(channel, aMessage('x_request'));
      await pause(200);
      answer(0);
      await first.until(1);
      await first.dialer.send(channel, aMessage('x_request'));
      await eventually(() => asked.length === 2);
      answer(1);
      await first.until(2);
      expect(second.received).toEqual([]);
    }),
);
