import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import { eventually } from '../../support/eventually.js';
import { KernelClient, plainText, textOf } from '../../support/kernel/kernel-client.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { freshConnection } from '../../support/kernel/serve.js';

const script = join(repository, 'test/support/kernel/programs/echo-kernel.mjs');
let folder = '';
let file = '';
let connection: ConnectionInfo;
const processes = new Set<ChildProcess>();
const clients = new Set<KernelClient>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-kernel-'));
  file = join(folder, 'kernel.json');
  connection = await freshConnection();
});

afterEach(async () => {
  for (const client of clients) await client.close();
  clients.clear();
  for (const one of processes) one.kill('SIGKILL');
  processes.clear();
  await rm(folder, { recursive: true, force: true });
});

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.setEncoding('utf8');
  processes.add(child);
  return child;
}

/** Starts the kernel and waits until it has written its ports to the file. */
async function startKernel(env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  await writeConnectionFile(file, connection);
  const child = start([script, file], env);
  await listening();
  return child;
}

async function listening(): Promise<void> {
  const { secretKey } = connection.curve ?? {};
  await eventually(async () => {
    const info = await readConnectionFile(file).catch(async () =>
      readConnectionFile(file, { ...(secretKey && { secretKey }) }),
    );
    connection = { ...info, ...(connection.curve && { curve: connection.curve }) };
    return info.ports.shell !== 0;
  }, 'the kernel listens');
}

async function connect(): Promise<KernelClient> {
  const client = await KernelClient.open(connection);
  clients.add(client);
  return client;
}

const result = async (client: KernelClient, code: string): Promise<string> => {
  const id = await client.execute(code);
  await client.idle(id);
  const shown = client.published(id).find(({ header }) => header.msg_type === 'execute_result');
  return shown === undefined ? 'nothing' : plainText(shown);
};

async function spinning(client: KernelClient): Promise<{ readonly id: string; readonly pid: number }> {
  const id = await client.execute('spin');
  const { message } = await client.find(
    ({ message: one }) => textOf(one.content['text']).startsWith('spinning'),
    'spinning',
  );
  return { id, pid: Number(textOf(message.content['text']).split(' ')[2]) };
}

async function gone(pid: number): Promise<void> {
  await eventually(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  }, 'the process is gone');
}

async function pidOfKernel(spinner: KernelClient): Promise<string> {
  await spinner.ask('interrupt_request', {}, { channel: 'control' });
  return result(spinner, 'pid');
}

describe('while code spins in the evaluator', () => {
  test('heartbeat, control and shell answer, and an interrupt ends it', async () => {
    await startKernel();
    const client = await connect();
    const { id } = await spinning(client);
    expect(await client.dialer.heartbeat()).toBeGreaterThan(0);
    expect(await client.ask('kernel_info_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
    expect(await client.ask('complete_request', { code: 'x', cursor_pos: 1 })).toMatchObject({ status: 'ok' });
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
    expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  test('a shutdown is answered, ends it, and ends the process', async () => {
    const kernel = await startKernel();
    const client = await connect();
    const { id, pid } = await spinning(client);
    const shutdown = await client.send('shutdown_request', { restart: false }, { channel: 'control' });
    expect((await client.reply(shutdown)).content).toEqual({ status: 'ok', restart: false });
    expect((await client.reply(id)).content).toMatchObject({ status: 'error' });
    if (kernel.exitCode === null) await once(kernel, 'exit');
    expect(kernel.exitCode).toBe(0);
    await gone(pid);
  });
});

describe('a signal', () => {
  test('SIGINT interrupts the cell, and does not end the kernel', async () => {
    const kernel = await startKernel();
    const client = await connect();
    const { id } = await spinning(client);
    kernel.kill('SIGINT');
    expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'Interrupted' });
    kernel.kill('SIGINT');
    expect(await result(client, 'pid')).toBe(String(kernel.pid));
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends the kernel, and what it started', async (signal) => {
    const kernel = await startKernel();
    const client = await connect();
    const { pid } = await spinning(client);
    kernel.kill(signal);
    await once(kernel, 'exit');
    expect(kernel.exitCode).toBe(0);
    await gone(pid);
  });
});

describe('a kernel whose manager was killed ends', () => {
  const manager = `require('node:child_process').spawn(process.execPath, process.argv.slice(1),
    { stdio: 'ignore', env: { ...process.env, JPY_PARENT_PID: String(process.pid) } }); setInterval(() => {}, 1000)`;

  test('when the manager is its parent', async () => {
    await writeConnectionFile(file, connection);
    const parent = start(['-e', manager, script, file]);
    await listening();
    const client = await connect();
    const { pid } = await spinning(client);
    const kernel = Number(await pidOfKernel(client));
    parent.kill('SIGKILL');
    await Promise.all([gone(kernel), gone(pid)]);
  });

  test('when there is a wrapper in between', async () => {
    const grandparent = start(['-e', 'setInterval(() => {}, 1000)']);
    const kernel = await startKernel({ JPY_PARENT_PID: String(grandparent.pid) });
    await connect();
    grandparent.kill('SIGKILL');
    if (kernel.exitCode === null) await once(kernel, 'exit');
    expect(kernel.exitCode).toBe(0);
  });

  test('and not when a number stands there that means nothing', async () => {
    const ended = start(['-e', '']);
    await once(ended, 'exit');
    await startKernel({ JPY_PARENT_PID: String(ended.pid) });
    const client = await connect();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await client.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
  });
});

describe('a kernel process', () => {
  test('outlives what its language throws where nobody catches, and reports it', async () => {
    const kernel = await startKernel();
    const client = await connect();
    let reported = '';
    kernel.stderr?.on('data', (text: string) => (reported += text));
    await result(client, 'fault');
    await eventually(() => reported.includes('timer') && reported.includes('nobody'));
    expect(await result(client, 'pid')).toBe(String(kernel.pid));
  });

  test('takes its secret from the environment and removes it there before anything is started', async () => {
    const secretKey = connection.curve?.secretKey;
    if (secretKey === undefined) throw new Error('no secret');
    await writeConnectionFile(file, connection, { omitSecretKey: true });
    const kernel = start([script, file], { JUPYTER_CURVE_SECRETKEY: exposeZ85(secretKey), KEPT: 'yes' });
    await listening();
    if (process.platform === 'linux') {
      // What every process of this user can read, cells among them, and what deleting a variable does not change.
      const environment = await readFile(`/proc/${kernel.pid}/environ`, 'latin1');
      expect(environment).not.toContain(exposeZ85(secretKey));
      expect(environment).not.toContain('JUPYTER_CURVE_SECRETKEY');
      expect(environment).toContain('KEPT=yes');
    }
    expect((await readConnectionFile(file, { secretKey })).curve?.publicKey).toBe(connection.curve?.publicKey);
    await expect(readConnectionFile(file)).rejects.toMatchObject({ code: 'connection-file-invalid' });
    expect(await result(await connect(), 'environment')).toBe('undefined undefined');
  });
});

test('jupyter_client runs a whole session over CURVE: execute, stdin, heartbeat, interrupt, shutdown', async () => {
  const kernel = await startKernel();
  const python = join(repository, 'test/support/programs/jupyter_client_session.py');
  const { stdout } = await promisify(execFile)(pythonPath(), [python, file]);
  expect(JSON.parse(stdout)).toEqual({
    execute: ['ok', ['busy', 'execute_input', 'stream', 'idle']],
    'welcome to a topic': {},
    stdin: ['ok', ['hello Ada']],
    'heartbeat while spinning': true,
    interrupt: ['ok', 'Interrupted'],
    shutdown: { status: 'ok', restart: true },
    broadcast: { status: 'ok', restart: true },
  });
  if (kernel.exitCode === null) await once(kernel, 'exit');
  expect(kernel.exitCode).toBe(0);
});
