import { expect, test } from '@jest/globals';
import type { Dialer } from '#src/transport/client/dialer.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { eventually } from '../../support/eventually.js';
import { runNode } from '../../support/run-node.js';
import { aMessage, inRoom, type Room } from '../../support/kernel/room.js';
import type { Listener } from '#src/transport/server/listener.js';

const knock = async (room: Room, listener: Listener, n: number, timeout = 3_000): Promise<Dialer | string> => {
  try {
    return (await room.dial(listener, { routingId: `client-${n}`, timeout })).dialer;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'another error';
  }
};

test.each([undefined, [], ['shell']] as const)(
  'no more peers are let in than the limit, until one leaves (monitored: %s)',
  async (monitor) =>
    inRoom(async (room) => {
      const refused: ListenerEvent[] = [];
      const listener = await room.listen({
        limits: { peers: 8 },
        ...(monitor && { monitor }),
        onEvent: (event) => event.kind === 'peer-refused' && refused.push(event),
      });
      const inside = [];
      for (let n = 0; n < 8; n++) inside.push(await knock(room, listener, n, 60_000));
      expect(inside.filter((one) => typeof one === 'string')).toEqual([]);
      expect(await knock(room, listener, 8)).toBe('peer-silent');
      expect(refused).toContainEqual(expect.objectContaining({ limitExceeded: true }));
      const [first, second] = inside;
      if (typeof first !== 'object' || typeof second !== 'object') throw new Error('not in');
      await first.close();
      let n = 9;
      await eventually(async () => typeof (await knock(room, listener, n++)) === 'object');
      await second.send('shell', aMessage('x_request'));
    }),
);

test('peers that come and go are no crowd', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { peers: 4 }, monitor: [] });
    for (let n = 0; n < 20; n++) {
      // That one has left is known a moment after it has.
      await eventually(async () => {
        const dialer = await knock(room, listener, n);
        if (typeof dialer === 'object') await dialer.close();
        return typeof dialer === 'object';
      });
    }
  }));

const CLOSE_WITHOUT_DESCRIPTORS = `
import { openSync } from 'node:fs';
import { Secret } from '#src/keys/secret.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';

const listener = await openListener({
  context: new TransportContext(),
  name: 'owner',
  server: await generateCurvePair(),
  connection: {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    key: Secret.fromText('0123456789abcdef'),
    signatureScheme: 'hmac-sha256',
    extra: {},
  },
  onMessage: () => undefined,
  onEvent: () => undefined,
  monitor: [],
});
try {
  for (;;) openSync('/dev/null');
} catch {
  await listener.close();
  process.stdout.write('closed');
  process.exit();
}
`;

test('a listener is closed also where no descriptor is left', async () => {
  const few = ['sh', '-c', 'ulimit -n 200 && exec "$0" "$@"'];
  expect(await runNode(CLOSE_WITHOUT_DESCRIPTORS, [], few)).toEqual({ stdout: 'closed', stderr: '', status: 0 });
});
