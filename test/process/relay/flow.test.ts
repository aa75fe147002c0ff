/** Output that is made faster than it is read is neither lost nor piled up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { Message, RequestChannel } from '#src/protocol/message.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { eventually } from '../../support/eventually.js';
import { startRelay, type RelayProcess } from '../../support/kernel/relay-process.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const MEGABYTE = 1e6;
/** A cell that publishes so many pieces of 64 KB, each with its number. */
const pieces = (count: number): string =>
  `for n in range(${count}):\n  publish('stream', b'{"name":"stdout","text":"%d %s"}' % (n, b'x' * 65536))`;

/** Of a process: the megabytes that it had in memory at most, and its state, `T` for one that is stopped. */
async function statusOf(pid: number | undefined): Promise<{ readonly peak: number; readonly state: string }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const peak = (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MEGABYTE;
  return { peak, state: /State:\s+(\w)/.exec(status)?.[1] ?? '' };
}

/** A client that hears nothing of iopub. */
async function connectDeaf(relay: RelayProcess) {
  const session = randomUUID();
  const heard: Message[] = [];
  const dialer = await openDialer({
    connection: await relay.connection(),
    routingId: session,
    topics: [],
    onMessage: (_, message) => void heard.push(message),
  });
  undo.push(() => dialer.close());
  const send = async (type: string, content = {}, channel: RequestChannel = 'shell'): Promise<string> => {
    const message = createMessage({ session, username: 'owner' }, type, content);
    await dialer.send(channel, message);
    return message.header.msg_id;
  };
  const reply = async (id: string): Promise<Message> =>
    eventually(() => heard.find((one) => one.parent_header.msg_id === id), 'the reply');
  return { send, reply };
}

/** A client that hears iopub alone, and rests after each piece. Returns how to have what it has heard by the end of the next execution. */
async function readSlowly(relay: RelayProcess, delay: number): Promise<() => Promise<number[]>> {
  const connection = await relay.connection();
  const { publicKey = '', secretKey } = connection.curve ?? {};
  const options = {
    endpoint: endpoint(connection, 'iopub'),
    serverKey: publicKey,
    publicKey,
    secretKey: secretKey === undefined ? '' : exposeZ85(secretKey),
    delay,
  };
  const program = join(repository, 'test/support/programs/slow_reader.py');
  const child = spawn(pythonPath(), [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  expect(await next()).toBe('up');
  return async () => {
    const numbers: number[] = JSON.parse(await next());
    return numbers;
  };
}

describe('a client that reads slowly', () => {
  test('gets all of 260 MB and the idle, for which the kernel is stopped at times, and the relay stays small', async () => {
    const relay = await startRelay({ manners: ['keeps'] });
    const { send, reply } = await connectDeaf(relay);
    const read = await readSlowly(relay, 1);
    await reply(await send('kernel_info_request'));
    const inner = await relay.inner();
    const before = (await statusOf(relay.process.pid)).peak;
    await send('execute_request', { code: pieces(4_000) });
    await eventually(async () => (await statusOf(inner)).state === 'T', 'the kernel is stopped');
    expect(await read()).toEqual(Array.from({ length: 4_000 }, (_, n) => n));
    expect((await statusOf(relay.process.pid)).peak - before).toBeLessThan(200);
  });

  test('can interrupt while the kernel is stopped', async () => {
    const relay = await startRelay();
    const { send, reply } = await connectDeaf(relay);
    await readSlowly(relay, 1);
    await reply(await send('kernel_info_request'));
    const inner = await relay.inner();
    const id = await send('execute_request', { code: pieces(100_000) });
    await eventually(async () => (await statusOf(inner)).state === 'T', 'the kernel is stopped');
    const interrupt = await send('interrupt_request', {}, 'control');
    expect(await reply(interrupt)).toMatchObject({ content: { status: 'ok' } });
    expect(await reply(id)).toMatchObject({ content: { ename: 'KeyboardInterrupt' } });
  });

  test('can shut down while the kernel is stopped', async () => {
    const relay = await startRelay();
    const { send, reply } = await connectDeaf(relay);
    await readSlowly(relay, 1);
    await reply(await send('kernel_info_request'));
    const inner = await relay.inner();
    await send('execute_request', { code: pieces(100_000) });
    await eventually(async () => (await statusOf(inner)).state === 'T', 'the kernel is stopped');
    relay.process.kill('SIGTERM');
    expect(await relay.ended).toEqual({ code: 0, signal: null });
  });

  test('does not have a kernel stopped that is not to be', async () => {
    const relay = await startRelay({ manners: ['keeps'], options: ['--unthrottled'] });
    const { send, reply } = await connectDeaf(relay);
    const read = await readSlowly(relay, 1);
    await reply(await send('kernel_info_request'));
    const id = await send('execute_request', { code: pieces(2_000) });
    await reply(id);
    expect((await statusOf(await relay.inner())).state).not.toBe('T');
    expect(await read()).toHaveLength(2_000);
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
