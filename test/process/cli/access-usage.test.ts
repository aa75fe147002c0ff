import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendAudit, endAudit, startAudit } from '#src/access/audit/audit-chain.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { sealText } from '#src/keys/seal.js';
import { defaultAuditFile } from '#src/cli/options/default-audit-file.js';
import { createCommandLine, type CommandLine } from '../../support/command-line.js';

let line: CommandLine;
beforeAll(async () => {
  line = await createCommandLine();
});
afterAll(() => line.close());

const GRANT = ['grant', '--existing', 'x.json', '--out', 'y.json', '--role', 'observer'];

test.each([
  { args: GRANT, error: 'Exactly one of --name and --job is needed' },
  { args: [...GRANT, '--name', 'a', '--job', 'b'], error: 'Exactly one of --name and --job is needed' },
  { args: [...GRANT, '--name', 'a', '--seal'], error: '--seal needs --key' },
  { args: [...GRANT, '--job', 'a', '--key', 'b'], error: '--job makes a key of its own' },
  { args: [...GRANT, '--name', '../a'], error: '' },
  { args: [...GRANT, '--name', 'everybody'], error: 'everybody' },
  { args: [...GRANT, '--name', 'a', '--expires', 'soon'], error: '--expires: "soon" is no duration' },
  { args: [...GRANT, '--name', 'a', '--from', 'home'], error: '--from: "home" is' },
  { args: [...GRANT, '--name', 'a', '--role', 'Boss'], error: 'A role is named by a lower-case letter' },
  { args: [...GRANT, '--name', 'a', '--name', 'b'], error: 'given more than once: name' },
  { args: [...GRANT, '--name', 'a', '--role', ''], error: 'The value is empty: role' },
  { args: ['grant', '--name', 'a'], error: 'Missing required arguments: existing, out, role' },
  { args: ['revoke', '--existing', 'x.json'], error: 'A name, --key or --all-before is needed' },
  { args: ['revoke', 'a', '--all-before', 'noon', '--existing', 'x.json'], error: '--all-before: "noon" is' },
  { args: ['rotate', 'a', '--existing', 'x.json'], error: 'Missing required argument: out' },
  { args: ['can', 'a', '--existing', 'x.json'], error: 'Not enough non-option arguments' },
  { args: ['accept', 'x', '--out', 'y', '--name', 'a', '--key-file', 'b'], error: 'Only one of --name and --key-file' },
  { args: ['run', 'x', '--existing', 'y', '--kernel', 'z'], error: 'Only one of --existing and --kernel' },
  { args: ['run', 'x', '--key-file', 'y'], error: '--key-file needs --existing' },
  { args: ['audit', 'x.jsonl', '--tip', '7'], error: '' },
  { args: ['kernel', '-f', 'x', '--reauth', '30d'], error: '--reauth: "30d" is not from one second to one day' },
])('wrong usage is found out before a kernel is asked: $args', async ({ args, error }) => {
  await writeFile(join(line.folder, 'x.jsonl'), '');
  const { stdout, stderr, status } = await line.run(...args);
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  expect(stderr).toMatch(/^jupyter-curve: error: .*\njupyter-curve: hint: .*\n$/);
  expect(stderr).toContain(error);
});

test.each(['grant', 'rotate', 'revoke'])('%s takes a key that begins with a dash', async (command) => {
  const key = '-Rn}Zi$SEtYZ)vJ@8[e.x2OIzFb2UA!^mX&XWm1b';
  const others = { grant: ['--name', 'a', '--role', 'b', '--out', 'c'], rotate: ['a', '--out', 'c'] }[command] ?? [];
  const { stderr, status } = await line.run(command, ...others, '--key', key, '--existing', 'none.json');
  expect(stderr).toContain('none.json');
  expect(status).toBe(3);
});

test('a connection file that is not there is an error of that file', async () => {
  for (const command of [['clients'], ['topics'], ['can', 'a', 'b'], ['role', 'a', 'observer'], ['private', 'x']]) {
    expect((await line.run(...command, '--existing', 'none.json')).status).toBe(3);
  }
});

test('a kernel whose cells cannot run as the account that was named does not start', async () => {
  const refused = await line.run('kernel', '-f', 'none.json', '--evaluator-user', 'nobody-of-that-name');
  expect(refused).toMatchObject({ stdout: '', status: 6 });
  expect(refused.stderr).toContain('Cells cannot be run as "nobody-of-that-name": there is no such account.');
});

test('a kernel does not start without the policy that it was to have, nor with one that it cannot hold anybody to', async () => {
  const connection = {
    transport: 'tcp',
    ip: '127.0.0.1',
    shell_port: 0,
    iopub_port: 0,
    stdin_port: 0,
    control_port: 0,
    hb_port: 0,
    signature_scheme: 'hmac-sha256',
    key: 'a',
  };
  const { publicKey, secretKey } = await generateCurvePair();
  const keys = { curve_publickey: publicKey, curve_secretkey: exposeZ85(secretKey) };
  const file = join(line.folder, 'kernel.json');
  await writeFile(file, JSON.stringify({ ...connection, ...keys }), { mode: 0o600 });
  const missing = await line.run('kernel', '-f', file, '--policy', 'typo.yaml');
  expect(missing.stderr).toContain('The policy typo.yaml, which was asked for, is not there');
  expect(missing.status).not.toBe(0);
  await writeFile(file, JSON.stringify(connection), { mode: 0o600 });
  const plain = await line.run('kernel', '-f', file, '--authorized-clients', 'clients');
  expect(plain.stderr).toContain('The connection has no keys');
  expect(plain.status).not.toBe(0);
});

test('what is sealed to a key, and is no grant to it, is not accepted', async () => {
  const { stdout } = await line.run('keygen', '--name', 'alice');
  const connection = {
    shell_port: 1,
    iopub_port: 2,
    stdin_port: 3,
    control_port: 4,
    hb_port: 5,
    ip: '127.0.0.1',
    key: 'k',
  };
  await writeFile(join(line.folder, 'forged'), await sealText(JSON.stringify(connection), stdout.trim()));
  const refused = await line.run('accept', 'forged', '--out', 'forged.json');
  expect(refused).toMatchObject({ stdout: '', status: 3 });
  expect(refused.stderr).toContain('is not a grant to the key that it was sealed to');
});

describe('audit', () => {
  const AT = '2030-01-31T18:00:00.000Z';
  const KERNEL = { kernel: 'k1', time: AT };
  const first = startAudit(KERNEL);
  const second = appendAudit(first.tip, {
    ...KERNEL,
    event: 'deny',
    identity: 'alice',
    channel: 'shell',
    type: 'execute_request',
    verdict: 'refused',
    rule: 'no rule',
  } as const);
  const last = endAudit(second.tip, KERNEL);
  const text = `${[first, second, last].map((one) => one.text).join('\n')}\n`;
  const tip = `${last.tip.seq}:${last.tip.hash}`;

  test('shows what happened, as a table or as JSON', async () => {
    await writeFile(join(line.folder, 'audit.jsonl'), text);
    const { stdout, stderr } = await line.run('audit', 'audit.jsonl');
    expect(stdout.split('\n')[0]).toMatch(/^TIME +EVENT +VERDICT +IDENTITY/);
    expect(stdout).toMatch(/^2030-01-31T18:00:00.000Z +deny +refused +alice +- +shell +execute_request +no rule +-$/m);
    expect(stderr).toBe('');
    const json: unknown = JSON.parse((await line.run('audit', 'audit.jsonl', '--json')).stdout);
    expect(json).toMatchObject([{ event: 'start' }, { event: 'deny', identity: 'alice' }, { event: 'end' }]);
  });

  test('is found by the connection file of its kernel, also when that is gone, and by no other of its name', async () => {
    await mkdir(join(line.folder, 'here'));
    const [here, link] = [join(line.folder, 'here', 'kernel.json'), join(line.folder, 'link')];
    await symlink(join(line.folder, 'here'), link);
    const place = await defaultAuditFile(here, line.env);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, text);
    for (const file of [here, 'here/kernel.json', join(link, 'kernel.json')]) {
      expect((await line.run('audit', file, '--verify')).stdout).toBe(`${tip}\n`);
    }
    expect((await line.run('audit', 'kernel.json', '--verify')).status).toBe(3);
  });

  test('--verify prints a tip, by which a later look can find out that all was rewritten', async () => {
    await writeFile(join(line.folder, 'audit.jsonl'), text);
    expect(await line.run('audit', 'audit.jsonl', '--verify')).toMatchObject({ stdout: `${tip}\n`, status: 0 });
    expect(await line.run('audit', 'audit.jsonl', '--tip', tip)).toMatchObject({ stdout: `${tip}\n`, status: 0 });
    const other = `${last.tip.seq}:${'0'.repeat(64)}`;
    expect(await line.run('audit', 'audit.jsonl', '--tip', other)).toMatchObject({ stdout: '', status: 3 });
  });

  test('--verify names the line that was changed, and says when the end is missing', async () => {
    const file = join(line.folder, 'audit.jsonl');
    await writeFile(file, text.replace('alice', 'mallory'));
    const changed = await line.run('audit', 'audit.jsonl', '--verify');
    expect(changed).toMatchObject({ stdout: '', status: 3 });
    expect(changed.stderr).toContain('audit.jsonl, line 2: was changed');
    const asJson = await line.run('audit', 'audit.jsonl', '--verify', '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: false, problem: { line: 2 } });
    expect(asJson.status).toBe(3);
    await writeFile(file, `${first.text}\n${second.text}\n`);
    const cut = await line.run('audit', 'audit.jsonl', '--verify');
    expect(cut).toMatchObject({ status: 0, stderr: expect.stringContaining('it has no end') });
  });

  test('what is no audit is refused', async () => {
    const file = join(line.folder, 'audit.jsonl');
    await writeFile(file, text);
    await appendFile(file, 'not JSON\n');
    expect((await line.run('audit', 'audit.jsonl')).stderr).toContain('line 4: is not JSON');
    expect((await line.run('audit', 'none.jsonl')).status).toBe(3);
    expect(await readFile(file, 'utf8')).toContain('not JSON');
  });
});
