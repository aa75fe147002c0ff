/** Output that is made faster than it is read is neither lost nor piled up. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startRelay } from '../../support/kernel/relay-process.js';

const MEGABYTE = 1e6;
/** A cell that publishes so many pieces of 64 KB, each with its number. */
const pieces = (count: number): string =>
  `for n in range(${count}):\n  publish('stream', b'{"name":"stdout","text":"%d %s"}' % (n, b'x' * 65536))`;

/** Megabytes that a process had in memory at most. */
async function peak(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MEGABYTE;
}

/** The numbers of the pieces that a client has heard. */
const numbers = (client: KernelClient): number[] =>
  client.heard
    .filter(({ message }) => message.header.msg_type === 'stream')
    .map(({ message }) => Number.parseInt(textOf(message.content['text']), 10));

/** Has the thread of the test read slowly. */
function readSlowly(client: KernelClient, milliseconds: number): void {
  const push = client.heard.push.bind(client.heard);
  const lock = new Int32Array(new SharedArrayBuffer(4));
  client.heard.push = (...heard) => {
    Atomics.wait(lock, 0, 0, milliseconds);
    return push(...heard);
  };
}

describe('a client that reads slowly', () => {
  test('gets all of 200 MB and the idle, and the relay stays small', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    await client.ask('execute_request', { code: '1' });
    readSlowly(client, 2);
    const id = await client.execute(pieces(3_000));
    await client.idle(id);
    expect(numbers(client)).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
    expect(await peak(relay.process.pid)).toBeLessThan(250);
  });

  test('can interrupt, and shut down, while the kernel is held', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    await client.ask('execute_request', { code: '1' });
    readSlowly(client, 2);
    const id = await client.execute(pieces(100_000));
    await eventually(() => numbers(client).length > 300, 'much is read');
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
    expect(await client.answer(id)).toMatchObject({ ename: 'KeyboardInterrupt' });
    await client.execute(pieces(100_000));
    await eventually(() => numbers(client).length > 2_000, 'much is read again');
    relay.process.kill('SIGTERM');
    expect(await relay.ended).toEqual({ code: 0, signal: null });
  });
});

describe('many small messages', () => {
  test('and then large ones all arrive', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    for (let n = 0; n < 300; n += 1) await client.ask('execute_request', { code: '1' });
    for (let n = 0; n < 20; n += 1) {
      const id = await client.execute(
        `publish('display_data', b'{"data":{"text/html":"%s"},"metadata":{}}' % (b'<b>' * 1000000))`,
      );
      await client.answer(id);
      expect(client.said(id)).toEqual(['busy', 'display_data', 'idle']);
    }
  });
});
