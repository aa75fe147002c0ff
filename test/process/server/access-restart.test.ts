import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { eventually } from '../../support/eventually.js';
import { repository } from '../../support/repository.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { folder, freshFile, knock, share } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});

test('grants survive a restart on the same ports and keys, and their keys lie nowhere readable', async () => {
  const where = await folder();
  const [file, clients] = [await freshFile(where), join(where, 'authorized_clients')];
  const ada = await generateCurvePair();
  await writeFile(clients, `ada ${ada.publicKey} executor\n`, { mode: 0o600 });
  const access = { authorizedClients: clients };
  const first = await share(echo, { access }, file);
  const granted = await first.kernel.access.grant({ name: 'bob', roles: ['observer'], expiresIn: 60_000 });
  await first.kernel.access.setTopic('team', 'private');
  const hers = await readFile(join(where, 'client-ada-kernel-one.json'), 'utf8');
  await first.owner.send('shutdown_request', { restart: true }, { channel: 'control' });
  expect(await first.kernel.closed).toEqual({ restart: true });

  const state = `${file}.access`;
  expect((await stat(state)).mode & 0o777).toBe(0o600);
  const text = await readFile(state, 'latin1');
  const { secretKey } = granted.connection.curve ?? {};
  expect(text).not.toContain(secretKey && exposeZ85(secretKey));
  expect(text).not.toContain(granted.connection.key.exposeText());
  expect(text).not.toContain('bob');

  const second = await share(echo, { access }, file);
  expect((await second.kernel.access.clients()).map(({ name, id }) => [name, name === 'bob' && id])).toEqual(
    expect.arrayContaining([
      ['owner', false],
      ['ada', false],
      ['bob', granted.grant.id],
    ]),
  );
  expect(await second.kernel.access.privateTopics()).toEqual(['team']);
  const bob = await second.join(granted.connection);
  expect(await bob.ask('execute_request', { code: 'x' })).toMatchObject({ ename: 'NotPermitted' });
  expect(await readFile(join(where, 'client-ada-kernel-one.json'), 'utf8')).toBe(hers);
  expect(await knock(await readConnectionFile(join(where, 'client-ada-kernel-one.json')), ada)).toBe('in');
  await second.kernel.close();
  expect((await readdir(where)).toSorted()).toEqual(['authorized_clients', 'kernel-one.json']);
});

test('what was revoked, and what was to end, stays so over a restart', async () => {
  const where = await folder();
  const [file, clients] = [await freshFile(where), join(where, 'authorized_clients')];
  await writeFile(clients, `ada ${(await generateCurvePair()).publicKey} executor\n`, { mode: 0o600 });
  const access = { authorizedClients: clients };
  const first = await share(echo, { access }, file);
  await first.kernel.access.revoke({ name: 'ada' });
  const old = await first.kernel.access.grant({ name: 'bob', roles: ['observer'] });
  const rotated = await first.kernel.access.rotate('bob', { overlap: 600 });
  await first.kernel.close('restart');
  const second = await share(echo, { access }, file);
  const ids = async (): Promise<string[]> =>
    (await second.kernel.access.clients()).map(({ id, name }) => (name === 'bob' ? id : name));
  await eventually(async () => !(await ids()).includes(old.grant.id));
  expect(await ids()).toEqual(['owner', rotated.grant.id]);
});

test('a kernel that is shared with nobody leaves no state', async () => {
  const where = await folder();
  const { owner, kernel } = await share(echo, {}, await freshFile(where));
  await owner.send('shutdown_request', { restart: true }, { channel: 'control' });
  await kernel.closed;
  expect(await readdir(where)).toEqual(['kernel-one.json']);
});

test('what a killed kernel leaves is swept by the next kernel in its folder, unless it may come back', async () => {
  const where = await folder();
  const home = join(where, 'home');
  await mkdir(home);
  const file = await freshFile(where, 'kernel-killed.json');
  const pair = await generateCurvePair();
  const clients = join(home, 'clients');
  await writeFile(clients, `ada ${pair.publicKey} observer\n`, { mode: 0o600 });
  const main = join(repository, 'dist/cli/main.js');
  // A manager that dies with its kernel: sh, which is killed as well.
  const child = spawn(
    'sh',
    ['-c', '"$0" "$@" & echo $!; wait', process.execPath, main, 'kernel', '-f', file, '--authorized-clients', clients],
    {
      env: { PATH: process.env['PATH'], HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  try {
    await eventually(async () => (await readdir(where)).includes('kernel-killed.json.access'));
    await eventually(async () => (await readConnectionFile(file)).ports.shell > 0);
    const alive = await share(echo, {}, await freshFile(where, 'kernel-two.json'));
    await alive.kernel.close();
    expect(await readdir(where)).toContain('kernel-killed.json.access');
  } finally {
    child.kill('SIGKILL');
    if (Number(said) > 0) process.kill(Number(said), 'SIGKILL');
  }
  await new Promise((resolve) =>
    (child.exitCode ?? child.signalCode) ? resolve(undefined) : child.once('exit', resolve),
  );
  await eventually(async () => {
    const { kernel } = await share(echo, {}, await freshFile(where, `kernel-${Math.random()}.json`));
    await kernel.close();
    const left = await readdir(where);
    return !left.includes('kernel-killed.json.access') && !left.some((name) => name.startsWith('client-'));
  });
});
