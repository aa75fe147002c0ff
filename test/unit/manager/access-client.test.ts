import { describe, expect, test } from '@jest/globals';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { fingerprint } from '#src/keys/fingerprint.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { eventually } from '../../support/eventually.js';
import { shareKernel } from '../../support/kernel/access-kernel.js';

const ALICE = { name: 'alice', roles: ['observer'] };

describe('grant', () => {
  test('gives a connection of its own, which works at once and speaks under the name that was granted', async () => {
    const { access, connect, kernel } = await shareKernel();
    const { grant, connection } = await access.grant({ name: 'alice', roles: ['executor'] });
    expect(grant).toMatchObject({ name: 'alice', roles: ['executor'], origin: 'grant' });
    expect(connection.ports.shell).not.toBe(kernel.connection.ports.shell);
    expect(connection.key.equals(kernel.connection.key)).toBe(false);
    const alice = await connect(connection);
    const id = await alice.execute('hello');
    await alice.answer(id);
    const names = alice.published(id).map((message) => message.parent_header.username);
    expect(new Set(names)).toEqual(new Set(['alice']));
  });

  test('to a public key gives a connection without a secret, which only the holder can use', async () => {
    const { access, openAs } = await shareKernel();
    const pair = await generateCurvePair();
    const { grant, connection } = await access.grant({ name: 'ada', roles: ['admin'], publicKey: pair.publicKey });
    expect(grant.fingerprint).toBe(fingerprint(pair.publicKey));
    expect(connection.curve).toEqual({ publicKey: expect.any(String), clientPublicKey: pair.publicKey });
    const ada = await openAs('ada', connection, pair);
    expect((await ada.clients()).map(({ name }) => name)).toEqual(['owner', 'ada']);
    await expect(openAs('mallory', connection, await generateCurvePair())).rejects.toMatchObject({
      code: 'key-mismatch',
    });
  });

  test('with an end and addresses says so', async () => {
    const { access } = await shareKernel();
    const before = Date.now();
    const { grant } = await access.grant({ ...ALICE, expiresIn: 60_000, from: ['127.0.0.0/8', 'local'] });
    const left = Date.parse(grant.expiresAt ?? '') - before;
    expect(left).toBeGreaterThanOrEqual(60_000);
    expect(left).toBeLessThan(120_000);
    expect(grant.from).toEqual(['127.0.0.0/8', 'local']);
  });
});

test('clients tells who is let in, who is connected from where, and what they asked last', async () => {
  const { access, connect } = await shareKernel();
  const { connection } = await access.grant(ALICE);
  await access.grant({ name: 'bob', roles: ['executor'] });
  await (await connect(connection)).ask('kernel_info_request');
  const [owner, alice, bob] = await access.clients();
  expect(owner).toMatchObject({ name: 'owner', origin: 'connection-file', connected: [{ address: '127.0.0.1' }] });
  expect(owner?.lastRequest?.type).toBe('curve_clients_request');
  expect(alice).toMatchObject({ name: 'alice', connected: [{ address: '127.0.0.1', since: expect.any(String) }] });
  expect(alice?.lastRequest?.type).toBe('kernel_info_request');
  expect(bob).toMatchObject({ name: 'bob', connected: [] });
  expect(bob).not.toHaveProperty('lastRequest');
});

describe('revoke', () => {
  test('by name takes all keys of an identity, by key, fingerprint or id one', async () => {
    const { access } = await shareKernel();
    const pair = await generateCurvePair();
    await access.grant({ ...ALICE, publicKey: pair.publicKey });
    const { grant: second } = await access.grant(ALICE);
    const { grant: third } = await access.grant(ALICE);
    await access.grant(ALICE);
    await access.grant(ALICE);
    expect(await access.revoke({ key: pair.publicKey })).toMatchObject([{ fingerprint: fingerprint(pair.publicKey) }]);
    expect(await access.revoke({ key: second.fingerprint })).toEqual([second]);
    expect(await access.revoke({ id: third.id })).toEqual([third]);
    expect(await access.revoke({ name: 'alice' })).toHaveLength(2);
    expect((await access.clients()).map(({ name }) => name)).toEqual(['owner']);
  });

  test('by time takes those issued before it', async () => {
    const { access } = await shareKernel();
    const { grant: old } = await access.grant(ALICE);
    await eventually(() => Date.now() > Date.parse(old.issuedAt) + 5);
    const allBefore = new Date();
    await eventually(() => Date.now() > allBefore.getTime());
    const { grant: young } = await access.grant(ALICE);
    expect(await access.revoke({ name: 'alice', allBefore })).toEqual([old]);
    expect((await access.clients()).map(({ id }) => id)).toContain(young.id);
  });

  test('ends the connections of who was let in, and no other', async () => {
    const { access, openAs } = await shareKernel();
    const [ada, bea] = await Promise.all(
      ['ada', 'bea'].map(async (name) => {
        const { connection } = await access.grant({ name, roles: ['admin'] });
        return openAs(name, connection);
      }),
    );
    await access.revoke({ name: 'ada' });
    await expect(ada?.clients()).rejects.toMatchObject({ code: expect.stringMatching(/^peer-/) });
    expect(await bea?.clients()).toHaveLength(2);
  });
});

test('rotate gives another key, and ends the old one when the overlap is over', async () => {
  const { access, openAs } = await shareKernel();
  const old = await access.grant({ name: 'ada', roles: ['admin'] });
  const fresh = await access.rotate('ada', { overlap: 1000 });
  expect(fresh.grant).toMatchObject({ name: 'ada', roles: ['admin'] });
  expect(fresh.grant.fingerprint).not.toBe(old.grant.fingerprint);
  expect((await access.clients()).filter(({ name }) => name === 'ada')).toHaveLength(2);
  const ada = await openAs('ada', fresh.connection);
  await eventually(async () => (await ada.clients()).filter(({ name }) => name === 'ada').length === 1);
  expect((await ada.clients()).map(({ id }) => id)).toContain(fresh.grant.id);
});

test('setRoles changes what an identity may from its next request on, and can says why', async () => {
  const { access, connect } = await shareKernel();
  const { connection } = await access.grant(ALICE);
  const alice = await connect(connection);
  expect(await access.can('alice', 'execute_request')).toEqual({
    allowed: false,
    rule: expect.any(String),
    missing: 'shell.execute_request',
  });
  expect(await alice.ask('execute_request', { code: '1' })).toMatchObject({ ename: 'NotPermitted' });
  await access.setRoles('alice', ['executor']);
  expect(await access.can('alice', 'execute_request')).toEqual({ allowed: true, rule: 'executor: shell.*' });
  expect(await alice.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
});

test('setTopic makes a topic private and public again', async () => {
  const { access } = await shareKernel();
  await access.grant(ALICE);
  const salaries = 'iopub.stream groups=salaries';
  expect(await access.setTopic('salaries', 'private')).toEqual(['salaries']);
  expect(await access.can('alice', salaries)).toMatchObject({ allowed: false });
  expect(await access.privateTopics()).toEqual(['salaries']);
  expect(await access.setTopic('salaries', 'public')).toEqual([]);
  expect(await access.can('alice', salaries)).toMatchObject({ allowed: true });
});

test('reloadPolicy reads the policy again, and says which roles there are', async () => {
  const { access } = await shareKernel();
  expect((await access.reloadPolicy()).toSorted()).toEqual(['admin', 'executor', 'observer', 'owner']);
});

test('closing rejects what is still asked, and a signal ends the opening', async () => {
  const { access, file } = await shareKernel();
  const asked = access.clients();
  asked.catch(() => undefined);
  await access.close();
  await expect(asked).rejects.toMatchObject({ code: 'transport-closed' });
  await expect(access.clients()).rejects.toMatchObject({ code: 'transport-closed' });
  const reason = new Error('no time');
  await expect(openAccess(file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
