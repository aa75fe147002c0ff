/** Records of kernels that another user has put into a folder, for a manager of root to act on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sweepStates } from '#src/server/state/sweep-states.js';
import { sweepOrphans } from '#src/launch/kernel-record.js';
import { markProcess } from '#src/support/process-mark.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { isAlive } from '../support/kernel/workplace.js';

const OTHER_USER = 65_534;
const GONE = { pid: 2 ** 22 + 1, started: 'long ago' };
const asRoot = requireOrSkip('root user', process.geteuid?.() === 0);

let folder: string;
let runtime: string;
let precious: string;
let bystander: ChildProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-'));
  await chmod(folder, 0o755);
  runtime = join(folder, 'runtime');
  precious = join(folder, 'precious');
  await mkdir(runtime);
  await chmod(runtime, 0o700);
  await writeFile(precious, 'precious');
  bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
});
afterEach(async () => {
  bystander.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A record of a kernel whose manager is gone, as whoever writes it likes. Returns its file. */
async function plant(files: readonly string[], owner?: number): Promise<string> {
  const kernel = await markProcess(bystander.pid);
  const file = join(runtime, 'jupyter-curve-planted.json');
  const record = { owner: { ...kernel, ...GONE }, kernel, files };
  await writeFile(file, JSON.stringify(record), { mode: 0o600 });
  if (owner !== undefined) await chown(file, owner, owner);
  return file;
}

const outcome = async (): Promise<object> => ({ alive: await isAlive(bystander.pid), kept: existsSync(precious) });
const UNHARMED = { alive: true, kept: true };

asRoot.each([
  ['in a folder that everyone can write to', 0o777, 0],
  ['in a sticky folder', 0o1777, 0],
  ['in a folder of that user', 0o700, OTHER_USER],
  ['in a folder of root, from before it was closed', 0o700, 0],
])('a record of another user kills no process and removes no file of root: %s', async (_, mode, owner) => {
  await chown(runtime, owner, owner);
  await chmod(runtime, mode);
  await plant([precious], OTHER_USER);
  await sweepOrphans(runtime);
  expect(await outcome()).toEqual(UNHARMED);
});

test.each([0o777, 0o1777, 0o770])(
  'nothing is swept in a folder of mode %o, whose record could be moved there',
  async (mode) => {
    await plant([precious]);
    await chmod(runtime, mode);
    await sweepOrphans(runtime);
    expect(await outcome()).toEqual(UNHARMED);
  },
);

test('a record of our own removes nothing outside of its folder, and of the folders that were made for sockets', async () => {
  const made = await mkdtemp(join(tmpdir(), 'jupyter-curve-'));
  const socket = join(made, 'k-1');
  const link = join(tmpdir(), `jupyter-curve-${process.pid}-link`);
  try {
    await writeFile(socket, '');
    await symlink(folder, link);
    await writeFile(join(runtime, 'kernel-1.json'), '{}');
    const outside = [precious, join(runtime, '../precious'), join(link, 'precious'), `${made}/../${folder}/precious`];
    const file = await plant([...outside, join(runtime, 'kernel-1.json'), socket, made]);
    await sweepOrphans(runtime);
    expect(existsSync(precious)).toBe(true);
    expect([socket, made, file, join(runtime, 'kernel-1.json')].filter((one) => existsSync(one))).toEqual([]);
  } finally {
    await rm(link, { force: true });
    await rm(made, { recursive: true, force: true });
  }
});

test.each([
  [0o700, false],
  [0o777, true],
  [0o1777, true],
])('what a state of access names is removed in a folder of mode %o: kept %s', async (mode, kept) => {
  const [state, client] = [join(runtime, 'kernel-9.json.access'), join(runtime, 'client-alice.json')];
  const kernel = { ...(await markProcess()), pid: GONE.pid };
  const text = { format: 'jupyter-curve-access/2', kernel, clientFiles: ['client-alice.json'], sealed: '' };
  await writeFile(state, `${JSON.stringify(text)}\n`, { mode: 0o600 });
  await writeFile(client, '{}');
  await chmod(runtime, mode);
  await sweepStates(runtime);
  expect([existsSync(state), existsSync(client)]).toEqual([kept, kept]);
});
