/** A kernel that is shared from the command line, from the first key to the end. The tests build on each other. */
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { readCertificateFile } from '#src/keys/certificate-file.js';
import { attach } from '#src/manager/services/attach.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import { eventually } from '../../support/eventually.js';
import { createCommandLine, type CommandLine, type Ended, type Running } from '../../support/command-line.js';

let line: CommandLine;
let running: Running;
const quiet = quietServices(console);
beforeAll(async () => {
  line = await createCommandLine();
  await line.run('install');
  running = line.start('start', '--connection-file', 'kernel.json');
  await running.wrote('kernel.json\n');
});
afterAll(async () => {
  await line.close();
  quiet[Symbol.dispose]();
});

const ask = (...args: string[]): Promise<Ended> => line.run(...args, '--existing', 'kernel.json');
const path = (name: string): string => join(line.folder, name);
const mode = async (name: string): Promise<number> => (await stat(path(name))).mode & 0o777;

const notebook = (code: string): string =>
  JSON.stringify({
    cells: [{ cell_type: 'code', id: 'a', metadata: {}, outputs: [], execution_count: null, source: code }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });

interface Listed {
  readonly clients: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly fingerprint: string;
  }[];
}

const listed = async (): Promise<Listed['clients']> => {
  const answer: Listed = JSON.parse((await ask('clients', '--json')).stdout);
  return answer.clients;
};

describe('grant', () => {
  test('writes a private connection file that any client can use, and prints its name and no key', async () => {
    const granted = await ask('grant', '--name', 'alice', '--role', 'executor', '--out', 'alice.json');
    expect(granted).toMatchObject({ stdout: 'alice.json\n', status: 0 });
    expect(granted.stderr).toMatch(/^jupyter-curve: granted executor to alice, with the key SHA256:\S{16}\n/);
    expect(await mode('alice.json')).toBe(0o600);
    const alice = await attach(path('alice.json'));
    const future = alice.connection.requestExecute({ code: '6 * 7' });
    expect((await future.done).content.status).toBe('ok');
    await alice.close();
    const { key, curve } = await readConnectionFile(path('alice.json'));
    for (const hidden of [key.exposeText(), curve?.publicKey ?? '']) expect(granted.stderr).not.toContain(hidden);
  });

  test('never overwrites a file, and then nobody is let in', async () => {
    const before = await readFile(path('kernel.json'), 'utf8');
    const refused = await ask('grant', '--name', 'eve', '--role', 'owner', '--out', 'kernel.json');
    expect(refused).toMatchObject({ stdout: '', status: 3 });
    expect(await readFile(path('kernel.json'), 'utf8')).toBe(before);
    expect((await listed()).map(({ name }) => name)).not.toContain('eve');
  });

  test('takes the grant back when its file cannot be written', async () => {
    const refused = await ask('grant', '--name', 'eve', '--role', 'observer', '--out', 'no-such-folder/eve.json');
    expect(refused).toMatchObject({ stdout: '', status: 3 });
    expect((await listed()).map(({ name }) => name)).not.toContain('eve');
  });

  test('--json prints the grant, the files and how the kernel can be known', async () => {
    const { stdout } = await ask(
      'grant',
      '--name',
      'joe',
      '--role',
      'observer,executor',
      '--out',
      'joe.json',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      grant: { name: 'joe', roles: ['observer', 'executor'] },
      kernel: { fingerprint: expect.stringMatching(/^SHA256:/) },
      files: ['joe.json'],
    });
  });

  test('--expires and --from limit it', async () => {
    const limits = ['--expires', '8h', '--from', '10.0.0.0/8', '192.168.0.1'];
    const { stdout } = await ask(
      'grant',
      '--name',
      'tom',
      '--role',
      'observer',
      '--out',
      'tom.json',
      '--json',
      ...limits,
    );
    const { grant }: { grant: { expiresAt: string; from: string[] } } = JSON.parse(stdout);
    expect(grant.from).toEqual(['10.0.0.0/8', '192.168.0.1']);
    expect(Date.parse(grant.expiresAt)).toBeGreaterThan(Date.now() + 7 * 3_600_000);
    await expect(attach(path('tom.json'))).rejects.toMatchObject({ code: 'peer-refused' });
  });

  test('--job writes who the job is, whom it may trust, and where to go; the connection file holds no secret', async () => {
    const { stdout, status } = await ask('grant', '--job', 'build-1', '--role', 'executor', '--out', 'jobs');
    const files = ['jobs/build-1.key_secret', 'jobs/build-1.server.key', 'jobs/build-1.json'];
    expect({ stdout, status }).toEqual({ stdout: `${files.join('\n')}\n`, status: 0 });
    expect((await readdir(path('jobs'))).toSorted()).toEqual(files.map((file) => file.slice(5)).toSorted());
    for (const file of files) expect(await mode(file)).toBe(0o600);
    const { curve } = await readConnectionFile(path('jobs/build-1.json'));
    const { publicKey, secretKey } = await readCertificateFile(path('jobs/build-1.key_secret'));
    expect(curve).toEqual({
      publicKey: (await readCertificateFile(path('jobs/build-1.server.key'))).publicKey,
      clientPublicKey: publicKey,
    });
    if (secretKey === undefined) throw new Error('the job has no secret key');
    const job = await attach(path('jobs/build-1.json'), { client: { publicKey, secretKey } });
    expect((await job.connection.requestExecute({ code: '1' }).done).content.status).toBe('ok');
    await job.close();
  });
});

describe('a key of one’s own', () => {
  test('is made, granted, sealed, opened and used, and only its public half travels', async () => {
    const { stdout: publicKey } = await line.run('keygen', '--name', 'ada');
    expect(publicKey).toMatch(/^\S{40}\n$/);
    const sealing = ['--key', publicKey.trim(), '--seal', '--out', 'ada.sealed'];
    const granted = await ask('grant', '--name', 'ada', '--role', 'admin', ...sealing);
    expect(granted).toMatchObject({ stdout: 'ada.sealed\n', status: 0 });
    expect(await readFile(path('ada.sealed'), 'utf8')).toMatch(/^-----BEGIN JUPYTER-CURVE SEALED FILE-----\n/);
    const opened = await line.run('accept', 'ada.sealed', '--out', 'ada.json');
    expect(opened).toMatchObject({ stdout: 'ada.json\n', status: 0 });
    const kernelKey = /the kernel shows the key (SHA256:\S+) /.exec(granted.stderr)?.[1] ?? 'none';
    expect(opened.stderr).toContain(`with the key ${kernelKey}`);
    expect(JSON.parse(await readFile(path('ada.json'), 'utf8'))).not.toHaveProperty('curve_secretkey');
    expect((await line.run('clients', '--existing', 'ada.json')).status).toBe(0);
  });

  test('can be named by its file', async () => {
    await line.run('keygen', '--name', 'bea', '--out', 'bea');
    await ask('grant', '--name', 'bea', '--role', 'admin', '--key', 'bea.key', '--seal', '--out', 'bea.sealed');
    const others = await line.run('accept', 'bea.sealed', '--out', 'bea.json');
    expect(others).toMatchObject({ stdout: '', status: 5 });
    expect((await line.run('accept', 'bea.sealed', '--key-file', 'bea.key_secret', '--out', 'bea.json')).status).toBe(
      0,
    );
    expect((await line.run('clients', '--existing', 'bea.json')).stderr).toContain('--key-file');
    const known = await line.run('clients', '--existing', 'bea.json', '--key-file', 'bea.key_secret', '--json');
    expect(JSON.parse(known.stdout)).toMatchObject({ clients: expect.any(Array) });
    expect((await line.run('clients', '--existing', 'bea.json', '--key-file', 'bea.key')).status).toBe(3);
  });

  test('is the only one that opens what was sealed to it', async () => {
    await line.run('keygen', '--name', 'cleo');
    expect(await line.run('accept', 'ada.sealed', '--name', 'cleo', '--out', 'cleo.json')).toMatchObject({ status: 5 });
    expect(await line.run('accept', 'kernel.json', '--out', 'cleo.json')).toMatchObject({ status: 3 });
  });
});

describe('rights', () => {
  test('role changes them, can tells them with the rule, and its status', async () => {
    await ask('grant', '--name', 'dora', '--role', 'observer', '--out', 'dora.json');
    expect(await ask('can', 'dora', 'execute_request')).toEqual({
      stdout: 'no: no rule (missing: shell.execute_request)\n',
      stderr: '',
      status: 5,
    });
    expect(await ask('role', 'dora', 'executor')).toMatchObject({ stdout: '', status: 0 });
    expect(await ask('can', 'dora', 'execute_request')).toEqual({
      stdout: 'yes: executor: shell.*\n',
      stderr: '',
      status: 0,
    });
    expect(JSON.parse((await ask('can', 'dora', 'execute_request', '--json')).stdout)).toMatchObject({ allowed: true });
  });

  test('private and public close and open a topic', async () => {
    expect((await ask('private', 'salaries')).status).toBe(0);
    expect((await ask('topics')).stdout).toBe('salaries\n');
    expect((await ask('can', 'dora', 'iopub.stream', 'groups=salaries')).status).toBe(5);
    expect((await ask('public', 'salaries')).status).toBe(0);
    expect(JSON.parse((await ask('topics', '--json')).stdout)).toEqual({ private: [] });
  });

  test('who has no right to manage access is told which one is missing', async () => {
    const refused = await line.run('clients', '--existing', 'dora.json');
    expect(refused).toMatchObject({ stdout: '', status: 5 });
    expect(refused.stderr).toContain('executor may not send control.curve_clients_request');
  });

  test('nobody but a client who may can end the kernel', async () => {
    const refused = await line.run('shutdown', 'dora.json');
    expect(refused).toMatchObject({ stdout: '', status: 5 });
    expect((await ask('clients')).status).toBe(0);
  });
});

test('clients shows a table with who is connected from where', async () => {
  const { stdout, stderr } = await ask('clients');
  const [heading, owner, ...others] = stdout.trimEnd().split('\n');
  expect(heading).toMatch(/^NAME +ROLES +KEY FINGERPRINT +UNTIL +CONNECTED FROM +SINCE +LAST REQUEST$/);
  expect(owner).toMatch(/^owner +owner +SHA256:\S{16} +- +127\.0\.0\.1 +\S+Z +curve_clients_request at /);
  expect(others.length).toBeGreaterThan(3);
  expect(stderr).toBe('');
});

describe('run --existing', () => {
  test('executes a notebook on the running kernel by the rights of one’s key, and leaves the kernel alone', async () => {
    await writeFile(path('set.ipynb'), notebook('globalThis.shared = 42; console.log("set")'));
    await writeFile(path('get.ipynb'), notebook('console.log((globalThis as any).shared)'));
    expect(await line.run('run', 'set.ipynb', '--existing', 'dora.json')).toMatchObject({ stdout: 'set\n', status: 0 });
    expect(await line.run('run', 'get.ipynb', '--existing', 'ada.json')).toMatchObject({ stdout: '42\n', status: 0 });
    expect(running.child.exitCode).toBeNull();
  });

  test('tells who may not execute which right is missing', async () => {
    await ask('grant', '--name', 'eve', '--role', 'observer', '--out', 'eve.json');
    const refused = await line.run('run', 'get.ipynb', '--existing', 'eve.json');
    expect(refused).toMatchObject({ stdout: '', status: 5 });
    expect(refused.stderr).toContain('observer may not send shell.execute_request');
  });

  test('stops what it runs, and only that, on Ctrl-C', async () => {
    await writeFile(path('spin.ipynb'), notebook('console.log("spinning"); for (;;);'));
    const spinning = line.start('run', 'spin.ipynb', '--existing', 'dora.json');
    await spinning.wrote('spinning');
    spinning.child.kill('SIGINT');
    expect((await spinning.ended).status).toBe(130);
    expect((await line.run('run', 'get.ipynb', '--existing', 'dora.json')).stdout).toBe('42\n');
  });
});

test('rotate writes a new key over the old file, and the old key ends', async () => {
  const before = await readConnectionFile(path('dora.json'));
  const rotated = await ask('rotate', 'dora', '--overlap', '1s', '--out', 'dora.json');
  expect(rotated).toMatchObject({ stdout: 'dora.json\n', status: 0 });
  const after = await readConnectionFile(path('dora.json'));
  expect(after.curve?.publicKey).not.toBe(before.curve?.publicKey);
  await eventually(async () => (await listed()).filter(({ name }) => name === 'dora').length === 1);
  const dora = await attach(path('dora.json'));
  await dora.close();
});

test.each(['no-such-folder/dora.json', 'link.json'])('rotate changes no key when %s cannot be written', async (out) => {
  await symlink(path('dora.json'), path('link.json')).catch(() => undefined);
  const before = (await listed()).filter(({ name }) => name === 'dora');
  expect(await ask('rotate', 'dora', '--out', out)).toMatchObject({ stdout: '', status: 3 });
  expect((await listed()).filter(({ name }) => name === 'dora')).toEqual(before);
});

describe('revoke', () => {
  test('of one’s own key is done, and said to be', async () => {
    await ask('grant', '--name', 'ian', '--role', 'admin', '--out', 'ian.json');
    const [ian] = (await listed()).filter(({ name }) => name === 'ian');
    const revoked = await line.run('revoke', 'ian', '--existing', 'ian.json');
    expect(revoked).toMatchObject({ stdout: `ian ${ian?.fingerprint}\n`, status: 0 });
    expect((await listed()).map(({ name }) => name)).not.toContain('ian');
  });

  test('shuts somebody out, and says whom', async () => {
    const [alice] = (await listed()).filter(({ name }) => name === 'alice');
    expect(await ask('revoke', 'alice')).toMatchObject({ stdout: `alice ${alice?.fingerprint}\n`, status: 0 });
    await expect(attach(path('alice.json'), { timeout: 1000 })).rejects.toMatchObject({ code: 'peer-silent' });
    expect(await ask('revoke', 'alice')).toMatchObject({ stdout: '', status: 5 });
  });

  test('takes one key, by its fingerprint or its file', async () => {
    const [joe] = (await listed()).filter(({ name }) => name === 'joe');
    const { stdout } = await ask('revoke', '--key', joe?.fingerprint ?? '', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ revoked: [{ name: 'joe' }] });
    expect((await ask('revoke', '--key', 'bea.key')).stdout).toMatch(/^bea /);
  });

  test('--all-before takes what is older', async () => {
    expect((await ask('revoke', 'tom', '--all-before', '2020-01-01')).status).toBe(5);
    expect((await ask('revoke', 'tom', '--all-before', '2100-01-01', '--let-finish')).stdout).toMatch(/^tom /);
  });

  test('leaves the kernel an owner', async () => {
    const refused = await ask('revoke', 'owner');
    expect(refused).toMatchObject({ stdout: '', status: 5 });
    expect(refused.stderr).toContain('would own the kernel');
  });
});

test('an admin with a key of their own ends the kernel', async () => {
  expect((await line.run('shutdown', 'ada.json')).status).toBe(0);
  expect((await running.ended).status).toBe(0);
});
