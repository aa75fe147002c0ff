import { describe, expect, test } from '@jest/globals';
import { chmod, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { serveKernel } from '#src/kernel/serve-kernel.js';
import { eventually } from '../../support/eventually.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { folder, freshFile, knock, share } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});
const write = async (file: string, text: string): Promise<void> => writeFile(file, text, { mode: 0o600 });

describe('authorized_clients', () => {
  test('lets in whoever it lists, by a file without a secret, and follows every edit', async () => {
    const where = await folder();
    const [file, clients] = [await freshFile(where), join(where, 'authorized_clients')];
    const [ada, bob] = [await generateCurvePair(), await generateCurvePair()];
    await write(clients, `# who\nada ${ada.publicKey} executor\n`);
    const { kernel, owner, join: enter, events } = await share(echo, { access: { authorizedClients: clients } }, file);
    const hers = join(where, 'client-ada-kernel-one.json');
    expect((await stat(hers)).mode & 0o777).toBe(0o600);
    expect(await readFile(hers, 'utf8')).not.toContain('curve_secretkey');
    const client = await enter(await readConnectionFile(hers), ada);
    expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
    const named = async (): Promise<string> =>
      (await kernel.access.clients()).map(({ name, roles }) => `${name}:${String(roles)}`).join(' ');

    await write(clients, `ada ${ada.publicKey} observer\nbob ${bob.publicKey} observer expires=2999-01-01\n`);
    await eventually(async () => (await named()) === 'owner:owner ada:observer bob:observer');
    expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ ename: 'NotPermitted' });
    await eventually(async () => (await readdir(where)).includes('client-bob-kernel-one.json'));
    expect(await knock(await readConnectionFile(join(where, 'client-bob-kernel-one.json')), bob)).toBe('in');

    await write(clients, `ada ${ada.publicKey} observer nonsense\n`);
    await eventually(() => events.some(({ event }) => event === 'alarm'));
    expect(events.find(({ event }) => event === 'alarm')?.rule).toMatch(/line 1/);
    expect(JSON.stringify(events)).not.toContain(ada.publicKey);
    expect(await named()).toBe('owner:owner ada:observer bob:observer');

    await write(clients, `bob ${bob.publicKey} observer\n`);
    await eventually(async () => (await named()) === 'owner:owner bob:observer');
    await eventually(async () => !(await readdir(where)).includes('client-ada-kernel-one.json'));

    await rm(clients);
    await eventually(async () => (await named()) === 'owner:owner');
    expect(await owner.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
    await kernel.close();
    expect(await readdir(where)).toEqual(['kernel-one.json']);
  });

  test('cuts nobody off while it is being written', async () => {
    const where = await folder();
    const [file, clients] = [await freshFile(where), join(where, 'authorized_clients')];
    const line = `ada ${(await generateCurvePair()).publicKey} observer\n`;
    await write(clients, line);
    const { kernel, events } = await share(echo, { access: { authorizedClients: clients } }, file);
    await truncate(clients);
    const looking = kernel.access.reloadPolicy();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await write(clients, `${line}# and that is all\n`);
    await looking;
    await kernel.access.reloadPolicy();
    expect((await kernel.access.clients()).map(({ name }) => name)).toEqual(['owner', 'ada']);
    expect(events.filter(({ event }) => event === 'revoke')).toEqual([]);
  });

  test('is not believed when others can write it', async () => {
    const where = await folder();
    await chmod(where, 0o755);
    const clients = join(where, 'authorized_clients');
    await write(clients, `ada ${(await generateCurvePair()).publicKey} owner\n`);
    await chmod(clients, 0o666);
    const { kernel } = await share(echo, { access: { authorizedClients: clients } });
    expect((await kernel.access.clients()).map(({ name }) => name)).toEqual(['owner']);
  });

  test('does not bring back whoever was revoked, until the line is another', async () => {
    const where = await folder();
    const clients = join(where, 'authorized_clients');
    const { publicKey } = await generateCurvePair();
    await write(clients, `ada ${publicKey} observer\n`);
    const { kernel } = await share(echo, { access: { authorizedClients: clients } });
    await kernel.access.revoke({ name: 'ada' });
    await kernel.access.reloadPolicy();
    expect(await kernel.access.clients()).toHaveLength(1);
    await write(clients, `ada ${publicKey} executor\n`);
    await eventually(async () => (await kernel.access.clients()).length === 2);
  });
});

describe('a policy file', () => {
  const POLICY = `
roles:
  reader:
    send: [shell.kernel_info_request]
    see: [iopub.stream, iopub.status]
tests:
  - { role: reader, may: [iopub.stream], may_not: [execute_request] }
`;

  test('makes roles, counts when it is edited, and holds on when it is broken', async () => {
    const where = await folder();
    const policyFile = join(where, 'access_policy.yaml');
    await write(policyFile, POLICY);
    const { kernel, owner, admit, events } = await share(echo, { access: { policyFile } });
    const bob = await admit('bob', 'reader');
    const seen = async (): Promise<string[]> => {
      const id = await owner.execute('x');
      await Promise.all([owner.answer(id), bob.idle(id)]);
      return bob.said(id);
    };
    expect(await seen()).toEqual(['busy', 'stream', 'idle']);
    const alarms = (): number => events.filter(({ event }) => event === 'alarm').length;
    for (const broken of [`${POLICY}x: 1`, POLICY.replace('may: [iopub.stream]', 'may: [execute_request]'), '{{{']) {
      const before = alarms();
      await write(policyFile, broken);
      await eventually(() => alarms() > before);
      expect(await seen()).toEqual(['busy', 'stream', 'idle']);
    }
    await write(policyFile, POLICY.replace('iopub.stream, iopub', 'iopub').replace('may: [iopub.stream], ', ''));
    await eventually(async () => !(await kernel.access.can('bob', 'see iopub.stream')).allowed);
    expect(await seen()).toEqual(['busy', 'idle']);
    await rm(policyFile);
    await eventually(() => events.some(({ rule }) => rule?.includes('is gone') === true));
    expect(await seen()).toEqual(['busy', 'idle']);
  });

  test('that is broken from the start lets in only the owner', async () => {
    const where = await folder();
    const policyFile = join(where, 'access_policy.yaml');
    await write(policyFile, 'roles: 5');
    const { kernel, owner } = await share(echo, { access: { policyFile } });
    expect(await owner.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
    await expect(kernel.access.grant({ name: 'bob', roles: ['observer'] })).rejects.toMatchObject({
      code: 'grant-failed',
    });
    await write(policyFile, POLICY);
    await eventually(async () =>
      kernel.access.grant({ name: 'bob', roles: ['reader'] }).then(
        () => true,
        () => false,
      ),
    );
  });

  test('can let in whoever comes, without a name, and stop that', async () => {
    const where = await folder();
    const [file, policyFile] = [await freshFile(where), join(where, 'access_policy.yaml')];
    await write(policyFile, 'anonymous: observer');
    const { join: enter } = await share(echo, { access: { policyFile } }, file);
    const connection = await readConnectionFile(join(where, 'client-anonymous-kernel-one.json'));
    const anybody = await enter(connection);
    expect(await anybody.ask('execute_request', { code: 'x' })).toMatchObject({ ename: 'NotPermitted' });
    expect(await knock(connection, await generateCurvePair())).toBe('in');
    await write(policyFile, '{}');
    await eventually(async () => !(await readdir(where)).some((name) => name.startsWith('client-')));
    await eventually(async () => (await knock(connection, undefined, 500)) === 'peer-silent');
  });
});

describe('a verifier', () => {
  test('decides about everybody but the owner; what throws, hangs or makes no sense denies', async () => {
    const answers: Record<string, () => unknown> = {
      good: () => 'observer',
      denied: () => 'deny',
      thrower: () => {
        throw new Error('no');
      },
      rubbish: () => ({ role: 'owner' }),
      unknown: () => 'emperor',
      hanging: async () => new Promise(() => undefined),
    };
    const asked: unknown[] = [];
    const verify = async (name: string, address: string): Promise<string> => {
      asked.push([name, address]);
      return String(await answers[name]?.());
    };
    const { kernel } = await share(echo, { access: { verify } });
    const fares = Object.keys(answers).map(async (name) => {
      const { connection } = await kernel.access.grant({ name, roles: ['executor'] });
      return [name, await knock(connection)];
    });
    const { good, ...others } = Object.fromEntries(await Promise.all(fares));
    expect(good).toBe('in');
    expect(new Set(Object.values(others))).toEqual(new Set(['peer-refused']));
    expect(asked).toContainEqual(['good', '127.0.0.1']);
    const role = (await kernel.access.clients()).find(({ name }) => name === 'good')?.roles;
    expect(role).toEqual(['observer']);
  });

  test('is asked again, and cuts off whoever it does not want any more', async () => {
    let answer = 'observer';
    const verify = (): string => answer;
    const { kernel, admit } = await share(echo, { access: { verify, reauthInterval: 100 } });
    const bob = await admit('bob', 'observer');
    expect(await bob.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
    answer = 'deny';
    await eventually(
      async () => (await kernel.access.clients()).find(({ name }) => name === 'bob')?.connected.length === 0,
    );
  });

  test('that cannot be loaded keeps the kernel from starting', async () => {
    const where = await folder();
    const missing = { verify: join(where, 'missing.mjs') };
    await expect(serveKernel(echo, await freshFile(where), { env: {}, access: missing })).rejects.toMatchObject({
      code: 'policy-invalid',
    });
    const verify = join(where, 'verify.mjs');
    await writeFile(verify, 'export default (name) => (name === "ada" ? "observer" : "deny");');
    const { kernel } = await share(echo, { access: { verify } });
    const { connection } = await kernel.access.grant({ name: 'ada', roles: ['executor'] });
    expect(await knock(connection)).toBe('in');
  });
});
