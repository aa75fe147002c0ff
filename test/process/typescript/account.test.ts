import { afterEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findAccount } from '#src/typescript/evaluator-account.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { openNotebook, type Notebook } from '../../support/kernel/recorded-cell.js';

const asRoot = requireOrSkip('root', process.geteuid?.() === 0);
let notebook: Notebook | undefined;
let folder: string | undefined;
afterEach(async () => {
  await notebook?.language.close?.('shutdown');
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  notebook = folder = undefined;
});

asRoot('cells run as the account that was named, without the groups of the kernel', async () => {
  notebook = openNotebook({ user: 'nobody', cwd: tmpdir() });
  const { uid, gid, home } = await findAccount('nobody');
  const { result } = await notebook.run(
    '[process.getuid(), process.geteuid(), process.getgid(), process.getgroups().join(), process.env.USER, process.env.HOME].join(" ")',
  );
  expect(result).toBe(`'${uid} ${uid} ${gid} ${gid} nobody ${home}'`);
});

asRoot('such a cell reads no private file of the kernel, and cannot look into its process', async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-account-'));
  const file = join(folder, 'kernel.json');
  await writeFile(file, 'secret', { mode: 0o600 });
  await chmod(folder, 0o755);
  notebook = openNotebook({ user: 'nobody', cwd: tmpdir() });
  for (const path of [file, `/proc/${process.pid}/environ`, `/proc/${process.pid}/mem`]) {
    const { evalue } = await notebook.run(`(await import('node:fs')).readFileSync(${JSON.stringify(path)}, 'utf8')`);
    expect(evalue).toMatch(/EACCES|EPERM/);
  }
});

asRoot('an interrupt, a lost process and the end work as ever', async () => {
  notebook = openNotebook({ user: 'nobody', cwd: tmpdir() });
  expect((await notebook.run('process.exit(3)')).ename).toBe('EvaluatorLost');
  const { result } = await notebook.run('`${process.getuid()}`');
  expect(result).toBe(`'${(await findAccount('nobody')).uid}'`);
});

describe('an account that cannot be switched to is refused with the reason', () => {
  test.each([
    ['nobody-of-that-name', 'there is no such account'],
    ['nobody; id', 'that is no name for an account'],
    ['$(id)', 'that is no name for an account'],
    ['', 'that is no name for an account'],
    ['-u', 'that is no name for an account'],
  ])('%j', async (name, why) => {
    await expect(findAccount(name)).rejects.toMatchObject({
      code: 'evaluator-failed',
      message: expect.stringContaining(why),
    });
  });

  asRoot('any other, for who is not root', async () => {
    const script = `
      process.setuid('nobody');
      const { findAccount } = await import(${JSON.stringify(join(repository, 'dist/typescript/evaluator-account.js'))});
      console.log((await findAccount('nobody')).name, await findAccount('root').catch((error) => error.message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: tmpdir(),
    });
    expect(stdout).toBe(
      'nobody Cells cannot be run as "root": the kernel does not run as root, who alone may switch.\n',
    );
  });
});

test('the own account needs no right', async () => {
  const { uid, username } = userInfo();
  expect(await findAccount(username)).toMatchObject({ uid, name: username });
});
