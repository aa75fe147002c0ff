import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import type { Listener } from '#src/transport/server/listener.js';
import { perSocket } from '#src/connection/per-socket.js';
import { selfCheck } from '#src/transport/server/self-check.js';
import { runNode } from '../../support/run-node.js';
import { inRoom, listenAnywhere } from '../../support/kernel/room.js';

const addressesOf = ({ connection }: Listener) => perSocket((name) => endpoint(connection, name));

test('sockets in plain text do not pass, not even where strangers are to be let in', () =>
  inRoom(async (room) => {
    const open = addressesOf(await room.listenPlain());
    for (const admitsStrangers of [false, true]) {
      const checked = selfCheck(room.context.zmq, open, room.server.publicKey, { timeout: 60_000, admitsStrangers });
      await expect(checked).rejects.toMatchObject({
        code: 'self-check-failed',
        message: expect.stringContaining('a peer without keys, and admitted it'),
      });
    }
  }));

test('one socket in plain text is found among five', () =>
  inRoom(async (room) => {
    const open = addressesOf(await room.listenPlain());
    const sealed = addressesOf(await room.listen());
    for (const name of ['shell', 'iopub', 'heartbeat'] as const) {
      const addresses = { ...sealed, [name]: open[name] };
      const checked = selfCheck(room.context.zmq, addresses, room.server.publicKey, { timeout: 60_000 });
      await expect(checked).rejects.toMatchObject({ code: 'self-check-failed', data: { socket: name } });
    }
  }));

test('a socket that does not answer proves nothing, and does not pass', () =>
  inRoom(async (room) => {
    const sealed = addressesOf(await room.listen());
    const mute = await listenAnywhere(
      room,
      createServer((socket) => room.after(() => socket.destroy())),
    );
    const addresses = { ...sealed, control: `tcp://127.0.0.1:${mute}` };
    const checked = selfCheck(room.context.zmq, addresses, room.server.publicKey, { timeout: 1_000 });
    await expect(checked).rejects.toMatchObject({
      code: 'self-check-failed',
      data: { socket: 'control', result: 'silent' },
    });
  }));

const OPEN_LISTENERS_PROFILED = `
import { Session } from 'node:inspector';
import { Secret } from '#src/keys/secret.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';
import { generateCurvePairSync } from '#src/keys/curve-pair.js';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: 100 });
session.post('Profiler.start');
const context = new TransportContext();
const server = generateCurvePairSync();
const ports = { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 };
const key = Secret.fromText('signed');
const connection = { transport: 'tcp', ip: '127.0.0.1', ports, key, signatureScheme: 'hmac-sha256', extra: {} };
for (let count = 0; count < 40; count++) {
  const listener = await openListener({ context, name: 'one', connection, server, onMessage() {} });
  await listener.close();
}
await context.close();
console.log('opened');
`;

test('signals in the middle of it, as a profiler sends them all the time, disturb nothing', async () => {
  const { stdout, stderr } = await runNode(OPEN_LISTENERS_PROFILED);
  expect(stderr).toBe('');
  expect(stdout).toBe('opened\n');
});
