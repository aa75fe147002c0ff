import { expect, test } from '@jest/globals';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { CurveKernelError } from '#src/errors.js';
import { eventually, pause } from '../../support/eventually.js';
import { busyKernel } from '../../support/kernel/start-busy-kernel.js';
import { aMessage, inRoom } from '../../support/kernel/room.js';

test('a lost kernel is reported once, sends fail at once, and the kernel that comes back is reported too', () =>
  inRoom(async (room) => {
    const first = await room.listen();
    const log: string[] = [];
    const { dialer, received, until } = await room.dial(first, {
      onFailure: ({ code }) => log.push(code),
      onEvent: ({ kind }) => log.push(kind),
    });
    await first.close();
    await eventually(() => log.length > 0);
    await expect(dialer.send('shell', aMessage('execute_request'))).rejects.toMatchObject({ code: 'peer-lost' });
    await expect(dialer.heartbeat()).rejects.toMatchObject({ code: 'peer-lost' });

    await room.listen({ connection: first.connection });
    await eventually(() => log.length > 1);
    expect(log).toEqual(['peer-lost', 'peer-back']);
    await dialer.send('shell', aMessage('x_request', { n: 2 }));
    await until(1);
    expect(received.map(({ message }) => message.content)).toEqual([{ n: 2 }]);
  }));

test('everything that a kernel said before it ended is received', () =>
  inRoom(async (room) => {
    const listener = await room.listen({
      onMessage: ({ channel, routing, listener: self }) => {
        for (let count = 0; count < 500; count++) self.send(channel, routing, aMessage('reply', { count }));
        void self.close({ linger: 60_000 });
      },
    });
    const { dialer, until } = await room.dial(listener);
    await dialer.send('control', aMessage('shutdown_request'));
    await until(500);
  }));

test('a request for a kernel that is gone never reaches the one that comes after it', () =>
  inRoom(async (room) => {
    const first = await room.listen();
    const { dialer } = await room.dial(first);
    const closed = first.close();
    // The connections end meanwhile, and the dialer has had no chance yet to hear of it.
    for (const start = performance.now(); performance.now() - start < 50;);
    const sent = Array.from({ length: 20 }, () => dialer.send('shell', aMessage('execute_request')));
    await Promise.allSettled(sent);
    await closed;
    const late: unknown[] = [];
    await room.listen({ connection: first.connection, onMessage: (message) => late.push(message) });
    await eventually(() =>
      dialer.heartbeat().then(
        () => true,
        () => false,
      ),
    );
    await pause(100);
    expect(late).toEqual([]);
  }));

test('a kernel that comes back with other keys ends the dialer, with the reason', () =>
  inRoom(async (room) => {
    const first = await room.listen();
    const failures: CurveKernelError[] = [];
    const { dialer } = await room.dial(first, { onFailure: (error) => failures.push(error) });
    await first.close();
    const server = await generateCurvePair();
    await room.listen({ server, connection: first.connection });
    await eventually(() => failures.length === 2);
    expect(failures.map(({ code }) => code)).toEqual(['peer-lost', 'peer-wrong-key']);
    await expect(dialer.send('shell', aMessage('x_request'))).rejects.toBe(failures[1]);
  }));

test('a send to a kernel that is connected and takes nothing in never waits, and is an error when too many bytes wait already', () =>
  inRoom(async (room) => {
    const kernel = await busyKernel(room, 120_000, 'when-asked');
    const { dialer } = await room.dial(kernel, { queuedBytes: 20_000_000 });
    let sent = 0;
    const flood = async (): Promise<void> => {
      for (; sent < 1_000; sent++)
        await dialer.send('shell', aMessage('execute_request', { code: 'x'.repeat(100_000) }));
    };
    await expect(flood()).rejects.toMatchObject({ code: 'peer-lost' });
    expect(sent).toBeGreaterThan(200);
    await dialer.close();
  }));

test('closing ends pings that wait, and later sends', () =>
  inRoom(async (room) => {
    const { dialer } = await room.dial(await room.listen());
    const ping = dialer.heartbeat();
    const outcome = expect(ping).rejects.toMatchObject({ code: 'transport-closed' });
    await dialer.close();
    await outcome;
    await expect(dialer.send('shell', aMessage('x_request'))).rejects.toMatchObject({ code: 'transport-closed' });
    await dialer.close();
  }));
