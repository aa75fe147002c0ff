/** What a kernel lets in while it starts, and starts again: never more than it did before. */
import { describe, expect, test } from '@jest/globals';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { serveKernel } from '#src/kernel/serve-kernel.js';
import type { AccessOptions } from '#src/server/rules/access-options.js';
import { eventually } from '../../support/eventually.js';
import { freshConnection, OK, scripted } from '../../support/kernel/serve.js';
import { folder, freshFile, knock, share, type Shared } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});
const write = async (file: string, text: string): Promise<void> => writeFile(file, text, { mode: 0o600 });
const named = async ({ kernel }: Shared): Promise<string[]> =>
  (await kernel.access.clients()).map(({ name, roles }) => `${name}:${String(roles)}`);

interface Place {
  readonly file: string;
  readonly clients: string;
  readonly policy: string;
  readonly audit: string;
  readonly access: AccessOptions;
  readonly where: string;
}

async function place(): Promise<Place> {
  const where = await folder();
  const [clients, policy, audit] = ['clients', 'policy.yaml', 'audit.jsonl'].map((name) => join(where, name));
  if (clients === undefined || policy === undefined || audit === undefined) throw new Error('impossible');
  const access = { authorizedClients: clients, policyFile: policy, auditFile: audit };
  return { file: await freshFile(where), clients, policy, audit, access, where };
}

/** How many lines of the audit have all of that. */
async function told({ audit }: Place, facts: Readonly<Record<string, string>>): Promise<number> {
  const lines = (await readFile(audit, 'utf8')).split('\n').filter(Boolean);
  const records: readonly Readonly<Record<string, unknown>>[] = lines.map((line) => JSON.parse(line));
  return records.filter((record) => Object.entries(facts).every(([name, value]) => record[name] === value)).length;
}

describe('who was let in by a file', () => {
  test('and is not in it any more after a restart, is not let in for a moment', async () => {
    const here = await place();
    const ada = await generateCurvePair();
    await write(here.clients, `ada ${ada.publicKey} executor\n`);
    await write(here.policy, 'anonymous: observer');
    const first = await share(echo, { access: here.access }, here.file);
    expect(await named(first)).toEqual(['owner:owner', 'ada:executor', 'anonymous:observer']);
    await first.kernel.close('restart');
    await write(here.clients, '');
    await write(here.policy, '{}');
    const second = await share(echo, { access: here.access }, here.file);
    expect(await named(second)).toEqual(['owner:owner']);
    await second.kernel.close('restart');
    for (const identity of ['ada', 'anonymous']) expect(await told(here, { event: 'grant', identity })).toBe(1);
    expect((await readdir(here.where)).filter((name) => name.startsWith('client-'))).toEqual([]);
  });

  test('keeps the role that it was given since, until its line changes', async () => {
    const here = await place();
    const ada = await generateCurvePair();
    await write(here.clients, `ada ${ada.publicKey} executor\n`);
    const first = await share(echo, { access: here.access }, here.file);
    await first.kernel.access.setRoles('ada', ['observer']);
    await first.kernel.close('restart');
    const second = await share(echo, { access: here.access }, here.file);
    expect(await named(second)).toEqual(['owner:owner', 'ada:observer']);
    const hers = await readConnectionFile(join(here.where, 'client-ada-kernel-one.json'));
    expect(await knock(hers, ada)).toBe('in');
    await write(here.clients, `ada ${ada.publicKey} admin\n`);
    await eventually(async () => (await named(second)).includes('ada:admin'));
  });

  test('and was revoked without a name, stays out until the policy changes', async () => {
    const here = await place();
    await write(here.policy, 'anonymous: observer');
    const first = await share(echo, { access: here.access }, here.file);
    await first.kernel.access.revoke({ name: 'anonymous' });
    await first.kernel.access.reloadPolicy();
    expect(await named(first)).toEqual(['owner:owner']);
    await first.kernel.close('restart');
    const second = await share(echo, { access: here.access }, here.file);
    await second.kernel.access.reloadPolicy();
    expect(await named(second)).toEqual(['owner:owner']);
    await write(here.policy, 'anonymous: observer\nprivate: [x]');
    await eventually(async () => (await named(second)).includes('anonymous:observer'));
  });

  test('is out, with one alarm, when the line names a role that there is not', async () => {
    const here = await place();
    const { publicKey } = await generateCurvePair();
    await write(here.clients, `ada ${publicKey} executor\n`);
    const shared = await share(echo, { access: here.access }, here.file);
    await write(here.clients, `ada ${publicKey} reader\n`);
    await eventually(async () => (await named(shared)).length === 1);
    await shared.kernel.access.reloadPolicy();
    await shared.kernel.access.reloadPolicy();
    expect(shared.events.filter(({ event }) => event === 'alarm')).toHaveLength(1);
    await write(here.policy, "roles: { reader: { see: ['iopub.*'] } }");
    await eventually(async () => (await named(shared)).includes('ada:reader'));
  });
});

describe('a policy', () => {
  const POLICY = `
roles: { reader: { send: [shell.kernel_info_request], see: ['iopub.*'] } }
private: [salaries]
`;

  test('that was asked for by name and is not there keeps the kernel from starting', async () => {
    const here = await place();
    const access: AccessOptions = { ...here.access, required: ['policyFile'] };
    await expect(serveKernel(echo, here.file, { env: {}, access })).rejects.toMatchObject({ code: 'policy-invalid' });
    await write(here.policy, POLICY);
    const first = await share(echo, { access }, here.file);
    await first.kernel.close('restart');
    await rm(here.policy);
    expect(await (await share(echo, { access }, here.file)).kernel.access.reloadPolicy()).toContain('reader');
  });

  test.each(['removed', 'broken'])(
    'that is %s while the kernel restarts holds on, and so do the grants',
    async (how) => {
      const here = await place();
      await write(here.policy, POLICY);
      const first = await share(echo, { access: here.access }, here.file);
      const { connection } = await first.kernel.access.grant({ name: 'bob', roles: ['reader'] });
      await first.kernel.close('restart');
      if (how === 'removed') await rm(here.policy);
      else await write(here.policy, 'roles: 5');
      for (let turn = 1; turn <= 2; turn++) {
        const next = await share(echo, { access: here.access }, here.file);
        expect(await named(next)).toEqual(['owner:owner', 'bob:reader']);
        expect(await next.kernel.access.privateTopics()).toEqual(['salaries']);
        expect(await knock(connection)).toBe('in');
        await next.kernel.close('restart');
        expect(await told(here, { event: 'alarm' })).toBe(turn);
      }
      await write(here.policy, POLICY.replace('salaries', 'grades'));
      const last = await share(echo, { access: here.access }, here.file);
      expect(await last.kernel.access.privateTopics()).toEqual(['grades']);
      expect(await named(last)).toEqual(['owner:owner', 'bob:reader']);
    },
  );

  test('that comes broken to a kernel without one costs nobody a grant that they have', async () => {
    const here = await place();
    const first = await share(echo, { access: here.access }, here.file);
    const { connection } = await first.kernel.access.grant({ name: 'bob', roles: ['observer'] });
    await first.kernel.close('restart');
    await write(here.policy, 'roles: 5');
    const second = await share(echo, { access: here.access }, here.file);
    const bob = await second.join(connection);
    expect(await bob.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
    const wish = { name: 'eve', roles: ['observer'] };
    await expect(second.kernel.access.grant(wish)).rejects.toMatchObject({ code: 'grant-failed' });
  });

  test('that was broken from the start still lets in the owner alone when it is gone after a restart', async () => {
    const here = await place();
    await write(here.policy, 'roles: 5');
    const first = await share(echo, { access: here.access }, here.file);
    await first.kernel.access.setTopic('x', 'private');
    await first.kernel.close('restart');
    await rm(here.policy);
    const second = await share(echo, { access: here.access }, here.file);
    const wish = { name: 'bob', roles: ['observer'] };
    await expect(second.kernel.access.grant(wish)).rejects.toMatchObject({ code: 'grant-failed' });
    expect(await second.owner.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
    await write(here.policy, '{}');
    await second.kernel.access.reloadPolicy();
    await eventually(async () => second.kernel.access.grant(wish).then(Boolean, () => false));
  });

  test('that comes to name a group makes it private, though it was made public before', async () => {
    const here = await place();
    await write(here.policy, 'private: [a, b]');
    const first = await share(echo, { access: here.access }, here.file);
    for (const topic of ['a', 'b', 'c', 'd']) await first.kernel.access.setTopic(topic, 'public');
    await write(here.policy, 'private: [a, c]');
    await eventually(async () => (await first.kernel.access.privateTopics()).length > 0);
    expect(await first.kernel.access.privateTopics()).toEqual(['c']);
    await first.kernel.close('restart');
    await write(here.policy, 'private: [a, c, d]');
    const second = await share(echo, { access: here.access }, here.file);
    expect(await second.kernel.access.privateTopics()).toEqual(['c', 'd']);
  });

  test('says how often rights are looked at again, also when it is edited', async () => {
    const here = await place();
    await write(here.policy, 'reauth: 1d');
    let asked = 0;
    const verify = (): string => {
      asked++;
      return 'observer';
    };
    const { admit } = await share(echo, { access: { ...here.access, verify } }, here.file);
    await admit('bob', 'observer');
    await write(here.policy, 'reauth: 1s');
    const before = asked;
    await eventually(() => asked >= before + 3);
  });
});

test.each<[string, AccessOptions]>([
  ['a verifier', { verify: () => 'observer' }],
  ['a policy', { policyFile: '/nowhere', required: ['policyFile'] }],
  ['authorized_clients', { authorizedClients: '/nowhere', required: ['authorizedClients'] }],
])('a kernel without keys does not start with %s that somebody asked for', async (_, access) => {
  const { curve: _keys, ...plain } = await freshConnection();
  await expect(serveKernel(echo, plain, { env: {}, access })).rejects.toMatchObject({ code: 'encryption-required' });
});
