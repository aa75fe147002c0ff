import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { eventually, pause } from '../../support/eventually.js';
import { freePorts } from '../../support/free-ports.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { aMessage, encrypted, inRoom, type Client, type Room } from '../../support/kernel/room.js';

const LARGE = new Uint8Array(3_000_000);
const SMALL_REQUESTS = 1_500;
const LARGE_REQUESTS = 20;

test('a healthy ipykernel answers twenty large requests after fifteen hundred small ones', () =>
  inRoom(async (room) => {
    const { client } = await ipykernel(room);
    await sendAll(client);
    await answered(client);
  }));

test('an ipykernel that was stopped while it was asked has answered everything once it goes on', () =>
  inRoom(async (room) => {
    const { client, signal } = await ipykernel(room);
    signal('SIGSTOP');
    await sendAll(client);
    await pause(1_000);
    expect(replies(client)).toEqual([]);
    signal('SIGCONT');
    await answered(client);
  }));

test('a kernel that takes three milliseconds for each request gets all of them, whole and in order', () =>
  inRoom(async (room) => {
    const program = join(repository, 'test/support/kernel/programs/slow_kernel.py');
    const kernel = spawn(pythonPath(), [program, '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
    room.after(() => kernel.kill('SIGKILL'));
    const [line] = await once(createInterface(kernel.stdout), 'line');
    const connection = await parseConnectionInfo(String(line), 'slow kernel');
    const client = await room.dial({ connection });
    await sendAll(client);
    await answered(client);
    const sizes = replies(client).map(({ content }) => [content['n'], content['size']]);
    expect(sizes).toEqual(requests().map(({ content, buffers }) => [content['n'], buffers[0]?.byteLength ?? 0]));
  }));

const requests = () => [
  ...Array.from({ length: SMALL_REQUESTS }, (_, n) => aMessage('kernel_info_request', { n })),
  ...Array.from({ length: LARGE_REQUESTS }, (_, n) =>
    aMessage('kernel_info_request', { n: SMALL_REQUESTS + n }, [LARGE]),
  ),
];

async function sendAll({ dialer }: Client): Promise<void> {
  for (const message of requests()) await dialer.send('shell', message);
}

const replies = ({ received }: Client) =>
  received.flatMap(({ channel, message }) => (channel === 'shell' ? [message] : []));

async function answered(client: Client): Promise<void> {
  await eventually(() => replies(client).length >= SMALL_REQUESTS + LARGE_REQUESTS);
  for (const { header } of replies(client)) expect(header.msg_type).toBe('kernel_info_reply');
}

async function ipykernel(room: Room) {
  const file = join(await room.folder(), 'kernel.json');
  const [shell, iopub, stdin, control, heartbeat] = await freePorts();
  const ports = { shell, iopub, stdin, control, heartbeat };
  const connection = { ...encrypted(room.plain, room.server), ports };
  await writeConnectionFile(file, connection);
  const kernel = spawn(pythonPath(), ['-m', 'ipykernel_launcher', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, IPYTHONDIR: await room.folder() },
  });
  room.after(() => kernel.kill('SIGKILL'));
  const client = await room.dial({ connection });
  return { client, signal: (name: NodeJS.Signals) => void kernel.kill(name) };
}
