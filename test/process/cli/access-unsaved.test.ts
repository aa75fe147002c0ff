/** Commands that change access on a kernel whose disk takes nothing more. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { createCommandLine, type CommandLine, type Ended, type Running } from '../../support/command-line.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { canMount, mountDisk } from '../../support/small-disk.js';

const available = canMount();
const testOnDisk = requireOrSkip('right to mount a file system', available);

let line: CommandLine;
let disk: Awaited<ReturnType<typeof mountDisk>>;
let running: Running;
beforeAll(async () => {
  if (!available) return;
  line = await createCommandLine();
  await line.run('install');
  disk = await mountDisk(join(line.folder, 'disk'));
  running = line.start('start', '--connection-file', 'disk/kernel.json');
  await running.wrote('kernel.json\n');
});
afterAll(async () => {
  if (!available) return;
  await disk.protect('rw');
  running.child.kill('SIGTERM');
  await running.ended;
  await disk.unmount();
  await line.close();
});

const ask = (...args: string[]): Promise<Ended> => line.run(...args, '--existing', 'disk/kernel.json');

testOnDisk('a change that a restart would undo is done, with a warning and a status of its own', async () => {
  expect(await ask('grant', '--name', 'bob', '--role', 'executor', '--out', 'bob.json')).toMatchObject({ status: 0 });
  await disk.protect('ro');
  for (const change of [
    ['role', 'bob', 'observer'],
    ['private', 'team'],
    ['rotate', 'bob', '--out', 'bob.json'],
    ['revoke', 'bob'],
  ]) {
    const { status, stderr } = await ask(...change);
    expect(status).toBe(7);
    expect(stderr).toMatch(/^jupyter-curve: warning: Access cannot be saved \(EROFS\): .*a restart .* undoes/m);
    expect(stderr).toMatch(/^jupyter-curve: hint: Do not restart the kernel until \S*kernel\.json\.access /m);
  }
  expect((await ask('clients')).status).toBe(0);
  expect((await ask('clients')).stdout).not.toContain('bob');
  await disk.protect('rw');
  const saved = await ask('public', 'team');
  expect([saved.status, saved.stderr]).toEqual([0, 'jupyter-curve: the topic team is now public\n']);
});
