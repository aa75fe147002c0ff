/** The relay as a process of its own, with a kernel behind it and a client of its owner; all of it ends with the test. */
import { afterEach } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { childrenOf } from '../children-of.js';
import { eventually } from '../eventually.js';
import { pythonPath } from '../python.js';
import { repository } from '../repository.js';
import { KernelClient, type ClientOptions } from './kernel-client.js';
import { freshConnection } from './serve.js';
import { fixtureKernel, isAlive } from './workplace.js';

/** Where the test's relays are described and run. */
export interface RelayOptions {
  /** Of raw-kernel.py. */
  readonly manners?: readonly string[];
  /** In place of raw-kernel.py: a whole kernel.json. */
  readonly spec?: object;
  /** Arguments of `relay`, before `--`. */
  readonly options?: readonly string[];
  /** Arguments that a front end appends. */
  readonly extra?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly connection?: ConnectionInfo;
}

export interface RelayProcess {
  readonly process: ChildProcess;
  /** Holds nothing of the relay once it has ended. */
  readonly folder: string;
  /** Standard error so far. */
  readonly stderr: () => string;
  readonly connection: () => Promise<ConnectionInfo>;
  connect(options?: ClientOptions): Promise<KernelClient>;
  /** The process ids of the kernel behind, once it runs. */
  inner(): Promise<number>;
  /** How the process ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** The folders of relays that are there. */
  folders(): Promise<string[]>;
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** Starts `jupyter-curve relay`. */
export async function startRelay(options: RelayOptions = {}): Promise<RelayProcess> {
  const { manners = [], options: more = [], extra = [], env = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'jc-relay-'));
  undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [runtime, specFolder] = [join(folder, 'run'), join(folder, 'raw')];
  await Promise.all([mkdir(runtime, { mode: 0o700 }), mkdir(specFolder)]);
  const argv = [pythonPath(), fixtureKernel('raw-kernel.py'), '{connection_file}', ...manners];
  const spec = options.spec ?? { argv, display_name: 'raw', language: 'raw' };
  await writeFile(join(specFolder, 'kernel.json'), JSON.stringify(spec));
  const file = join(folder, 'kernel.json');
  const connection = options.connection ?? (await freshConnection());
  await writeConnectionFile(file, connection);
  const main = join(repository, 'dist/cli/main.js');
  const args = [main, 'relay', '--connection-file', file, '--spec', specFolder, ...more, '--', ...extra];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
    env: { ...process.env, XDG_RUNTIME_DIR: runtime, JUPYTER_DATA_DIR: join(folder, 'data'), ...env },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const folders = async (): Promise<string[]> => (await readdir(runtime)).filter((name) => name.includes('relay'));
  undo.push(async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
    await eventually(async () => (await folders()).length === 0, 'the folder is removed');
  });
  const bound = async (): Promise<ConnectionInfo> => {
    const { ports } = await eventually(async () => {
      const info = await readConnectionFile(file).catch(() => undefined);
      return info !== undefined && info.ports.shell !== 0 && info;
    }, 'the relay listens');
    return { ...connection, ports };
  };
  return {
    process: child,
    folder,
    stderr: () => stderr,
    connection: bound,
    async connect(clientOptions = {}) {
      const client = await KernelClient.open(await bound(), clientOptions);
      undo.push(() => client.close());
      return client;
    },
    inner: () => eventually(async () => (await childrenOf(child.pid ?? 0, 'kernel.json'))[0], 'the kernel behind runs'),
    ended,
    folders,
  };
}

/** Resolves when a process is gone. */
export async function untilGone(pid: number): Promise<void> {
  await eventually(async () => !(await isAlive(pid)), `process ${pid} is gone`);
}
