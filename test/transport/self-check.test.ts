import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import type { Listener } from '#src/transport/listener.js';
import { perSocket } from '#src/transport/per-socket.js';
import { selfCheck } from '#src/transport/self-check.js';
import { inRoom, listenAnywhere } from './room.js';

const addressesOf = ({ connection }: Listener) => perSocket((name) => endpoint(connection, name));

test('sockets in plain text do not pass, not even where strangers are to be let in', () =>
  inRoom(async (room) => {
    const open = addressesOf(await room.listenPlain());
    for (const admitsStrangers of [false, true]) {
      const checked = selfCheck(room.context.zmq, open, room.server.publicKey, { timeout: 5_000, admitsStrangers });
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
      const checked = selfCheck(room.context.zmq, addresses, room.server.publicKey, { timeout: 5_000 });
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
