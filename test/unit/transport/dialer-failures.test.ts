import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Dealer } from 'zeromq';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { isCurveKernelError, type CurveKernelError } from '#src/errors.js';
import { openDialer, type DialerOptions } from '#src/transport/client/dialer.js';
import type { ListenerEvent } from '#src/transport/server/listener-event.js';
import { peekGreeting } from '#src/transport/client/peek-greeting.js';
import { perSocket } from '#src/connection/per-socket.js';
import { TransportContext } from '#src/transport/transport-context.js';
import { eventually, pause } from '../../support/eventually.js';
import { busyKernel } from '../../support/kernel/start-busy-kernel.js';
import { encrypted, inRoom, listenAnywhere, type Room } from '../../support/kernel/room.js';

/** The limit for naming a failure. */
const FIVE_SECONDS = 5_000;

describe('within five seconds a dialer says that', () => {
  test('the kernel is encrypted and the connection file has no keys', () =>
    inRoom(async (room) => {
      const { connection } = await room.listen();
      const error = await failure(room, { connection: withoutKeys(connection) });
      expect(error).toMatchObject({ code: 'peer-encrypted', message: expect.stringContaining('no keys') });
    }));

  test('the kernel answers in plain text though there are keys', () =>
    inRoom(async (room) => {
      const { connection } = await room.listenPlain();
      const error = await failure(room, { connection: encrypted(connection, room.server) });
      expect(error).toMatchObject({ code: 'peer-plaintext' });
    }));

  test('the server key is wrong', () =>
    inRoom(async (room) => {
      const { connection } = await room.listen();
      const error = await failure(room, { connection: encrypted(connection, await generateCurvePair()) });
      expect(error).toMatchObject({ code: 'peer-wrong-key' });
    }));

  test('the kernel does not admit the key', () =>
    inRoom(async (room) => {
      const { connection } = await room.listen();
      const error = await failure(room, { connection, client: await generateCurvePair() });
      expect(error).toMatchObject({ code: 'peer-refused' });
    }));

  test('nobody listens, or somebody who says nothing, or something that is no kernel', () =>
    inRoom(async (room) => {
      const mute = await foreignPort(room, () => undefined);
      const ssh = await foreignPort(room, (socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'));
      const at = (port: number): ConnectionInfo => ({
        ...encrypted(room.plain, room.server),
        ports: perSocket(() => port),
      });
      const errors = [1, mute, ssh].map(at).map((connection) => failure(room, { connection }));
      expect(await Promise.all(errors)).toMatchObject([
        { code: 'peer-silent', message: expect.stringContaining('No kernel answers') },
        { code: 'peer-silent', message: expect.stringContaining('accepts connections') },
        { code: 'peer-silent', message: expect.stringContaining('accepts connections') },
      ]);
    }));
});

test('a wrong server key is not tried for ever: the kernel sees a handful of handshakes, and then none', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const { connection } = await room.listen({ onEvent: (event) => events.push(event) });
    await failure(room, { connection: encrypted(connection, await generateCurvePair()) });
    // Trying on, at seven times a second on five sockets, would make 20 of them in less time.
    await pause(1_500);
    expect(events.length).toBeLessThanOrEqual(20);
  }));

test('a plaintext client tries an encrypted kernel no more often', () =>
  inRoom(async (room) => {
    const events: ListenerEvent[] = [];
    const { connection } = await room.listen({ onEvent: (event) => events.push(event) });
    await failure(room, { connection: withoutKeys(connection) });
    await pause(200);
    expect(events.length).toBeLessThanOrEqual(20);
    expect(events.filter(({ kind }) => kind !== 'handshake-failed')).toEqual([]);
  }));

test('a tunnel that accepts and drops connections until the kernel is there is no wrong key', () =>
  inRoom(async (room) => {
    const { connection } = await room.listen();
    const { ports } = connection;
    let accepted = 0;
    const tunnel = (port: number): Promise<number> =>
      foreignPort(room, (socket) => {
        if (++accepted <= 20) return socket.destroy();
        const through = connect(port, '127.0.0.1').on('error', () => undefined);
        room.after(() => through.destroy());
        return through.pipe(socket).pipe(through);
      });
    const [shell, iopub, stdin, control, heartbeat] = await Promise.all([
      tunnel(ports.shell),
      tunnel(ports.iopub),
      tunnel(ports.stdin),
      tunnel(ports.control),
      tunnel(ports.heartbeat),
    ]);
    const dialer = await openDialer({
      connection: { ...connection, ports: { shell, iopub, stdin, control, heartbeat } },
      routingId: 'client',
      onMessage: () => undefined,
    });
    room.after(() => dialer.close());
    expect(await dialer.heartbeat()).toBeGreaterThan(0);
    expect(accepted).toBeGreaterThan(20);
  }));

test('a kernel that is too busy for handshakes for a long time is met when it has time again, and holds no wrong key', () =>
  inRoom(async (room) => {
    const kernel = await busyKernel(room, 8_000);
    const { dialer } = await room.dial(kernel);
    expect(await dialer.heartbeat()).toBeGreaterThan(0);
  }));

test('a kernel that starts to listen later is met then', () =>
  inRoom(async (room) => {
    const first = await room.listen();
    const { connection } = first;
    await first.close();
    const opening = room.dial(first);
    await pause(300);
    await room.listen({ connection });
    const { dialer } = await opening;
    expect(await dialer.heartbeat()).toBeGreaterThan(0);
  }));

test('a kernel at all addresses of this machine is met at its own', () =>
  inRoom(async (room) => {
    for (const ip of ['*', '0.0.0.0']) {
      const { dialer } = await room.dial(await room.listen({ connection: { ...room.plain, ip } }));
      expect(dialer.security().shell.endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:/);
    }
  }));

test('what cannot be dialed at all is an error at once, and leaves nothing behind that fails later', () =>
  inRoom(async (room) => {
    const { connection } = await room.listen();
    const context = new TransportContext();
    const dial = (options: Partial<DialerOptions>) =>
      openDialer({ connection, context, routingId: 'x', onMessage: () => undefined, timeout: 100, ...options });
    await expect(dial({ connection: { ...connection, ip: '-' } })).rejects.toMatchObject({
      code: 'endpoint-invalid',
    });
    await expect(dial({ routingId: 'x'.repeat(300) })).rejects.toThrow(TypeError);
    // A timer of a dialer that was given up would end the test here.
    await pause(200);
    await context.close();
  }));

test.each([3, 7, 11])('with sockets for %i only, a dialer says so and leaves none open', (sockets) =>
  inRoom(async (room) => {
    const { connection } = await room.listen();
    const context = new TransportContext();
    context.zmq.maxSockets = sockets;
    const dial = openDialer({ connection, context, routingId: 'x', onMessage: () => undefined, timeout: 100 });
    await expect(dial).rejects.toMatchObject({ code: 'dial-failed', hint: expect.stringContaining('open files') });
    await context.close();
    await eventually(() => canOpenSocket(context));
  }),
);

test('a hundred kernels can be dialed from one process', () =>
  inRoom(async (room) => {
    const listener = await room.listen({ limits: { peers: 100 } });
    const dialers = Array.from({ length: 100 }, (_, n) => room.dial(listener, { routingId: `${n}` }));
    const opened = await Promise.all(dialers);
    expect(opened).toHaveLength(100);
  }));

test('a wrong key is told at addresses that no URL can have', () =>
  inRoom(async (room) => {
    const { connection } = await room.listen({ connection: { ...room.plain, ip: '::1' } });
    const wrong = encrypted({ ...connection, ip: '::1%lo' }, await generateCurvePair());
    expect(await failure(room, { connection: wrong })).toMatchObject({ code: 'peer-wrong-key' });
    expect(await peekGreeting('tcp://cluster.10:5555')).toBeUndefined();
  }));

test('opening ends with the reason of the signal, at once', () =>
  inRoom(async (room) => {
    const abort = new AbortController();
    const mute = await foreignPort(room, () => undefined);
    const connection = { ...encrypted(room.plain, room.server), ports: perSocket(() => mute) };
    const opening = openDialer({ connection, routingId: 'x', onMessage: () => undefined, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  }));

test('keys that do not fit the connection are refused before anything is connected', () =>
  inRoom(async (room) => {
    const { connection } = await room.listen();
    const [mine, another] = [await generateCurvePair(), await generateCurvePair()];
    const { publicKey } = room.server;
    const open = (options: Partial<DialerOptions>) =>
      openDialer({ connection, routingId: 'x', onMessage: () => undefined, ...options });
    await expect(open({ connection: withoutKeys(connection), client: mine })).rejects.toThrow(TypeError);
    await expect(open({ connection: { ...connection, curve: { publicKey } } })).rejects.toMatchObject({
      code: 'key-mismatch',
    });
    const granted = { ...connection, curve: { publicKey, clientPublicKey: mine.publicKey } };
    await expect(open({ connection: granted, client: another })).rejects.toMatchObject({ code: 'key-mismatch' });
  }));

async function failure(
  room: Room,
  options: Pick<DialerOptions, 'connection'> & Partial<DialerOptions>,
): Promise<CurveKernelError> {
  const start = performance.now();
  try {
    const dialer = await openDialer({
      routingId: 'client',
      onMessage: () => undefined,
      timeout: 3_500,
      ...options,
    });
    room.after(() => dialer.close());
  } catch (error) {
    if (!isCurveKernelError(error)) throw error;
    expect(performance.now() - start).toBeLessThan(FIVE_SECONDS);
    return error;
  }
  throw new Error('It was opened.');
}

function canOpenSocket(context: TransportContext): boolean {
  try {
    new Dealer({ context: context.zmq }).close();
    return true;
  } catch {
    return false;
  }
}

function withoutKeys(connection: ConnectionInfo): ConnectionInfo {
  const { curve: _, ...plain } = connection;
  return plain;
}

/** The port of a tcp server of another kind. */
async function foreignPort(room: Room, onConnection: (socket: Socket) => unknown): Promise<number> {
  const server = createServer((socket) => {
    room.after(() => socket.destroy());
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return await listenAnywhere(room, server);
}
