/** Rules that cannot be used are said in the terminal, and can be checked without a kernel. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { createCommandLine, type CommandLine } from '../../support/command-line.js';

let line: CommandLine;
beforeEach(async () => {
  line = await createCommandLine();
  // Others can reach what is in it: what keeps them from changing a file is its own mode.
  await chmod(line.folder, 0o755);
});
afterEach(() => line.close());

const write = (name: string, text: string): Promise<void> => writeFile(join(line.folder, name), text, { mode: 0o600 });

const GOOD = `
roles:
  reader: { send: [shell.kernel_info_request], see: ['iopub.*'] }
tests:
  - { role: reader, may: [kernel_info_request], may_not: [execute_request] }
`;
const BROKEN = 'roles: { reader: { sned: [] } }';
const FAILING = GOOD.replace('may: [kernel_info_request]', 'may: [history_request]');

describe('start says on standard error', () => {
  test('that a policy cannot be used, fails its own tests, or has become so, and that lines of authorized_clients cannot', async () => {
    await line.run('install');
    await write('policy.yaml', BROKEN);
    await write('clients', 'ada not-a-key executor\n');
    const running = line.start('start', '--policy', 'policy.yaml', '--authorized-clients', 'clients');
    await running.wrote('.json\n');
    await running.wrote('/policy.yaml, line 1: roles.reader');
    await running.wrote('/clients, line 1: the second field is no public key');
    await write('policy.yaml', FAILING);
    await running.wrote('fails: it says that reader may send');
    await chmod(join(line.folder, 'clients'), 0o666);
    await running.wrote('/clients: it can be changed by other users');
    running.child.kill('SIGTERM');
    const { stderr, status } = await running.ended;
    expect(status).toBe(0);
    const warnings = stderr.split('\n').filter((text) => text.startsWith('jupyter-curve: warning: '));
    expect(stderr.match(/^jupyter-curve: hint: /gm)?.length).toBeGreaterThanOrEqual(warnings.length);
    expect(warnings.some((text) => text.includes('0666'))).toBe(true);
    expect(stderr).not.toContain('not-a-key');
  }, 120_000);
});

describe('policy check', () => {
  test('warns of a rule that forbids nothing, as a mistyped one does', async () => {
    await write(
      'policy.yaml',
      "roles: { reader: { send: ['shell.*', '!shell.histroy_request', '!shell.history_*'] } }",
    );
    const { status, stderr } = await line.run('policy', 'check', 'policy.yaml');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^jupyter-curve: warning: .*"!shell\.histroy_request" forbids no message.*\n.*hint: .*\n$/);
  });

  test('says that a good policy is one, and how many of its tests pass', async () => {
    await write('policy.yaml', GOOD);
    const checked = await line.run('policy', 'check', 'policy.yaml');
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toBe('policy.yaml: 1 role, 2 tests pass\n');
  });

  test.each([
    ['a field that there is not', BROKEN, 'line 1'],
    ['a test that fails', FAILING, 'line 5'],
    ['no YAML', 'roles: [', 'line 1'],
    ['nothing', '', 'is empty'],
  ])('refuses one with %s, by its line', async (_what, text, where) => {
    await write('policy.yaml', text);
    const { status, stdout, stderr } = await line.run('policy', 'check', 'policy.yaml');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/^jupyter-curve: error: Policy file policy\.yaml.*\njupyter-curve: hint: .*\n$/);
    expect(stderr).toContain(where);
  });

  test('refuses one that others can change, and one that is not there', async () => {
    await write('policy.yaml', GOOD);
    await chmod(join(line.folder, 'policy.yaml'), 0o666);
    expect(await line.run('policy', 'check', 'policy.yaml')).toMatchObject({ status: 3, stdout: '' });
    expect(await line.run('policy', 'check', 'none.yaml')).toMatchObject({ status: 3, stdout: '' });
  });

  test('checks authorized_clients too, by the roles of the policy', async () => {
    const { publicKey } = await generateCurvePair();
    await write('policy.yaml', GOOD);
    await write('clients', `ada ${publicKey} reader\n`);
    const both = ['policy', 'check', 'policy.yaml', '--authorized-clients', 'clients'];
    const good = await line.run(...both);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toBe('policy.yaml: 1 role, 2 tests pass\nclients: 1 client\n');
    expect((await line.run(...both, '--json')).stdout).toBe(
      `${JSON.stringify({ policy: { file: 'policy.yaml', roles: ['reader'], tests: 2 }, authorizedClients: { file: 'clients', clients: 1 } }, null, 2)}\n`,
    );
    for (const [text, where] of [
      [`ada ${publicKey} raeder\n`, 'line 1'],
      [`# a comment\nada ${publicKey.slice(1)} reader\n`, 'line 2'],
      [`ada ${publicKey} reader expires=yesterday\n`, 'line 1'],
    ] as const) {
      await write('clients', text);
      const { status, stderr } = await line.run(...both);
      expect(status).toBe(3);
      expect(stderr).toContain(`Authorized clients clients, ${where}`);
      expect(stderr).not.toContain(publicKey.slice(1, 20));
    }
    await write('clients', `ada ${publicKey} reader\n`);
    expect(await line.run('policy', 'check', '--authorized-clients', 'clients')).toMatchObject({ status: 3 });
    expect(await line.run('policy', 'check')).toMatchObject({ status: 2 });
    expect(await line.run('policy', 'show', 'policy.yaml')).toMatchObject({ status: 2 });
  });
});
