import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { childrenOf } from '../../support/children-of.js';
import { repository } from '../../support/repository.js';
import { createWorkplace, isAlive, type Workplace } from '../../support/kernel/workplace.js';

interface Started {
  readonly kernel: number;
  readonly child: number;
  readonly file: string;
}

let place: Workplace;
let managers: ChildProcess[];
let orphans: number[];
beforeEach(async () => {
  place = await createWorkplace();
  managers = [];
  orphans = [];
  await place.describeOdd('parent', ['brood', 'stubborn']);
});
afterEach(async () => {
  for (const manager of managers) manager.kill('SIGKILL');
  // Only a test that failed leaves any.
  for (const pid of orphans) if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
  await place.dispose();
});

/** A kernel that has a child and ignores its parent's death and SIGTERM, in the care of another process. */
async function startElsewhere(options: Record<string, unknown> = {}): Promise<Started & { readonly manager: number }> {
  const manager = spawn(
    process.execPath,
    [
      join(repository, 'test/support/programs/manager-process.mjs'),
      JSON.stringify({ kernelName: 'parent', ...options }),
    ],
    { env: { ...process.env, ...place.env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  managers.push(manager);
  const [line]: string[] = await once(manager.stdout.setEncoding('utf8'), 'data');
  const started: Started = JSON.parse(line ?? '');
  orphans.push(started.kernel, started.child);
  return { ...started, manager: Number(manager.pid) };
}

test.each(['tcp', 'ipc'])(
  'a kernel, its child and its %s files are gone when its manager is killed',
  async (transport) => {
    const { manager, kernel, child } = await startElsewhere({ transport });
    expect([await isAlive(kernel), await isAlive(child)]).toEqual([true, true]);
    expect(await place.files()).toHaveLength(transport === 'tcp' ? 2 : 7);
    process.kill(manager, 'SIGKILL');
    await eventually(async () => !(await isAlive(kernel)) && !(await isAlive(child)));
    await eventually(async () => (await place.files()).length === 0);
  },
);

test('a manager that simply ends takes its kernels along', async () => {
  const { manager, kernel } = await startElsewhere();
  process.kill(manager, 'SIGTERM');
  await eventually(async () => !(await isAlive(kernel)));
});

test('what even the watchdog could not end is ended by the next manager', async () => {
  const { manager, kernel, child } = await startElsewhere({ transport: 'ipc' });
  for (const watchdog of await childrenOf(manager, 'jupyter-curve-watchdog')) process.kill(watchdog, 'SIGKILL');
  process.kill(manager, 'SIGKILL');
  await eventually(async () => !(await isAlive(manager)));
  expect(await isAlive(kernel)).toBe(true);

  await place.describeOdd('next', []);
  const next = await place.start('next');
  await eventually(async () => !(await isAlive(kernel)) && !(await isAlive(child)));
  expect((await place.files()).toSorted()).toEqual([`jupyter-curve-${next.id}.json`, `kernel-${next.id}.json`]);
});

test('the kernels of a manager that lives are left alone', async () => {
  const { kernel, file } = await startElsewhere();
  await place.describeOdd('next', []);
  await (await place.start('next')).shutdown();
  expect(await isAlive(kernel)).toBe(true);
  expect(await readFile(file, 'utf8')).toContain('curve_publickey');
});

test('a process that only has the same id is left alone, as is what belongs to another machine', async () => {
  await place.describeOdd('next', []);
  await (await place.start('next')).shutdown();
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  managers.push(bystander);
  const live = await place.start('next');
  const record: { readonly kernel: object } = JSON.parse(
    await readFile(join(place.runtime, `jupyter-curve-${live.id}.json`), 'utf8'),
  );
  const write = (name: string, changes: object): Promise<void> =>
    writeFile(join(place.runtime, `jupyter-curve-${name}.json`), JSON.stringify({ ...record, files: [], ...changes }), {
      mode: 0o600,
    });
  const gone = { ...record.kernel, pid: 2 ** 22 + 1, started: 'long ago' };
  const elsewhere = { ...gone, host: 'another machine' };
  await write('reused', { owner: gone, kernel: { ...gone, pid: bystander.pid } });
  await write('elsewhere', { owner: elsewhere, kernel: elsewhere });
  await write('evil', { owner: gone, kernel: { ...gone, pid: 0 } });
  await writeFile(join(place.runtime, 'jupyter-curve-torn.json'), '{"owner"', { mode: 0o600 });

  await (await place.start('next')).shutdown();
  expect(await isAlive(bystander.pid)).toBe(true);
  expect(await isAlive(live.pid)).toBe(true);
  const left = (await place.files()).filter((name) => !name.includes(live.id));
  expect(left.toSorted()).toEqual(['elsewhere', 'evil', 'torn'].map((name) => `jupyter-curve-${name}.json`));
});
