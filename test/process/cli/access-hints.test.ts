/** What the commands say about grants that have ended, rights that are missing, and kernels that cannot be shared. */
import { existsSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCommandLine, type CommandLine, type Ended, type Running } from '../../support/command-line.js';
import { pythonPath } from '../../support/python.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

let line: CommandLine;
let running: Running;
beforeAll(async () => {
  line = await createCommandLine({ PATH: `${dirname(pythonPath())}${delimiter}${process.env['PATH']}` });
  await line.run('install');
  running = line.start('start', '--connection-file', 'kernel.json');
  await running.wrote('kernel.json\n');
});
afterAll(() => line.close());

const ask = (file: string, ...args: string[]): Promise<Ended> => line.run(...args, '--existing', file);

test('a grant that was revoked, or has expired, is said to be so', async () => {
  await ask('kernel.json', 'grant', '--name', 'bob', '--role', 'admin', '--out', 'bob.json');
  await ask('kernel.json', 'grant', '--name', 'ann', '--role', 'admin', '--out', 'ann.json', '--expires', '1s');
  await ask('kernel.json', 'revoke', 'bob');
  const revoked = await ask('bob.json', 'clients');
  expect(revoked.stderr).toMatch(
    /error: The kernel does not listen for the grant of bob any more .*\n.*hint: .*revoked/,
  );
  expect(revoked.status).toBe(6);
  const expired = await ask('ann.json', 'clients');
  expect(expired.stderr).toMatch(/error: The grant of ann ended at 2\S+Z .*\n.*hint: Ask the owner/);
  expect(expired.status).toBe(6);
});

test('who is refused is sent to no command that is refused too', async () => {
  await ask('kernel.json', 'grant', '--name', 'eve', '--role', 'observer', '--out', 'eve.json');
  for (const command of [['clients'], ['can', 'eve', 'execute_request'], ['revoke', 'bob'], ['role', 'eve', 'admin']]) {
    const { stderr, status } = await ask('eve.json', ...command);
    expect(status).toBe(5);
    expect(stderr).toMatch(/hint: Ask an owner or admin of the kernel/);
    expect(stderr).not.toMatch(/\bcan\b"|clients"/);
  }
});

requireOrSkip('a Python with ipykernel', existsSync(pythonPath()))(
  'a kernel that is not served by jupyter-curve cannot be shared, and is not to be restarted for that',
  async () => {
    const python = line.start('start', '--kernel', 'python3', '--connection-file', 'python.json');
    await python.wrote('python.json\n');
    const { stderr, status } = await ask(
      'python.json',
      'grant',
      '--name',
      'bob',
      '--role',
      'observer',
      '--out',
      'b.json',
    );
    expect(status).toBe(5);
    expect(stderr).toMatch(/error: The kernel does not know curve_grant_request: it cannot be shared by keys\./);
    expect(stderr).toMatch(/hint: Only kernels that jupyter-curve serves/);
    expect(stderr).not.toMatch(/[Rr]estart/);
  },
);
