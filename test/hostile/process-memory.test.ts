import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { decodeZ85 } from '#src/keys/z85.js';
import { eventually } from '../support/eventually.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { freshConnection } from '../support/kernel/serve.js';
import { openNotebook, type Notebook } from '../support/kernel/recorded-cell.js';

const COMMAND = join(repository, 'dist/cli/main.js');
let folder: string;
let file: string;
let processes: ChildProcess[];
let notebook: Notebook;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-memory-'));
  file = join(folder, 'kernel.json');
  await writeConnectionFile(file, await freshConnection());
  processes = [];
  notebook = openNotebook();
});
afterEach(async () => {
  await notebook.language.close?.('shutdown');
  for (const each of processes) each.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Starts a program that may leave core files of any size, in `folder`. */
function start(...argv: readonly string[]): ChildProcess & { said: string } {
  const child = spawn('/bin/sh', ['-c', 'ulimit -c unlimited; exec "$@"', 'sh', process.execPath, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  const started = Object.assign(child, { said: '' });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (started.said += String(chunk)));
  return started;
}

const listens = (): Promise<boolean> =>
  readConnectionFile(file).then(
    ({ ports }) => ports.shell !== 0,
    () => false,
  );
const catches = (pid: number | undefined): boolean => {
  const mask = /SigCgt:\s*([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & 0x200n) !== 0n;
};
/** Whether the inspector that a process spoke of can be reached. */
const isOpen = async (said: string): Promise<boolean> => {
  const [, host, port] = /ws:\/\/([\d.]+):(\d+)/.exec(said) ?? [];
  if (host === undefined) return false;
  const socket = connect(Number(port), host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

const onLinux = requireOrSkip('a Linux', process.platform === 'linux');

onLinux('SIGUSR1 opens no inspector in a kernel, and does not end it', async () => {
  const kernel = start(COMMAND, 'kernel', '--connection-file', file);
  await eventually(listens);
  kernel.kill('SIGUSR1');
  kernel.kill('SIGUSR1');
  await sleep(1500);
  expect(kernel.said).not.toContain('Debugger');
  expect([kernel.exitCode, kernel.signalCode]).toEqual([null, null]);
});

onLinux('one that SIGUSR1 opens before the first line of ours has run is closed', async () => {
  const kernel = start(COMMAND, 'kernel', '--connection-file', file);
  await eventually(() => {
    // Node's own handler is the first there is.
    if (!catches(kernel.pid)) return false;
    return kernel.kill('SIGUSR1');
  });
  await eventually(listens);
  await eventually(async () => !(await isOpen(kernel.said)));
  await sleep(1500);
  expect(await isOpen(kernel.said)).toBe(false);
});

onLinux('SIGUSR1 opens no inspector in the process that runs cells', async () => {
  const { run } = notebook;
  const { stderr, result } = await run(
    'process.kill(process.pid, "SIGUSR1"); await new Promise((done) => setTimeout(done, 1000)); (await import("node:inspector")).url()',
  );
  expect(stderr).toBe('');
  expect(result).toBeUndefined();
});

const coresIn = async (): Promise<Buffer[]> => {
  const names = (await readdir(folder)).filter((name) => name.startsWith('core'));
  return Promise.all(names.map((name) => readFile(join(folder, name))));
};
/** Whether a process that aborts leaves its memory in its folder. */
const makesCores = (): boolean => {
  try {
    return /^core(?:[.%\w]*)$/.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim());
  } catch {
    return false;
  }
};
const withCores = requireOrSkip('core files in the working folder', makesCores());

withCores('a core file of a kernel holds none of its keys', async () => {
  // That this machine writes memory into core files at all.
  const control = start(
    '-e',
    'const canary = "a-canary-" + 40 + "-in-memory"; console.log(canary); setInterval(() => canary, 1000)',
  );
  await eventually(() => control.said.includes('a-canary-40'));
  control.kill('SIGABRT');
  await once(control, 'exit');
  const [core] = await coresIn();
  expect(core?.includes('a-canary-40-in-memory')).toBe(true);
  for (const name of await readdir(folder)) if (name.startsWith('core')) await rm(join(folder, name));

  const kernel = start(COMMAND, 'kernel', '--connection-file', file);
  await eventually(listens);
  const { key, curve_secretkey: secret }: Record<string, string> = JSON.parse(await readFile(file, 'utf8'));
  if (key === undefined || secret === undefined) throw new Error('the file has no keys');
  kernel.kill('SIGABRT');
  await once(kernel, 'exit');
  const cores = await coresIn();
  for (const each of cores) {
    expect(each.includes(secret)).toBe(false);
    expect(each.includes(Buffer.from(decodeZ85(secret)))).toBe(false);
    expect(each.includes(key)).toBe(false);
  }
});

onLinux('core files of cells and their children are as they were', async () => {
  const { run } = notebook;
  const { result } = await run(
    'require("node:child_process").execSync("cat /proc/self/coredump_filter").toString().trim()',
  );
  expect(result).toBe("'00000033'");
});
