/** `kernel.access` and `openAccess()` are one contract: the same calls, results, errors and events. */
import { describe, expect, test } from '@jest/globals';
import type { Access } from '#src/access/access.js';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { fingerprint } from '#src/keys/fingerprint.js';
import { shareKernel, type SharedKernel } from '../../support/kernel/access-kernel.js';
import { eventually } from '../../support/eventually.js';

const ALICE = { name: 'alice', roles: ['observer'] };

const ways: readonly (readonly [string, (shared: SharedKernel) => Access])[] = [
  ['kernel.access', ({ kernel }) => kernel.access],
  ['openAccess', ({ access }) => access],
];

describe.each(ways)('%s', (_, of) => {
  test('grants, lists and revokes', async () => {
    const shared = await shareKernel();
    const access = of(shared);
    const { publicKey } = await generateCurvePair();
    const issued = await access.grant({ ...ALICE, publicKey, expiresIn: 60_000, from: ['127.0.0.1'] });
    expect(issued.grant).toEqual({
      id: expect.any(String),
      ...ALICE,
      fingerprint: fingerprint(publicKey),
      origin: 'grant',
      issuedAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      from: ['127.0.0.1'],
    });
    expect(issued.connection).toMatchObject({ curve: { clientPublicKey: publicKey }, extra: expect.any(Object) });
    const { grant: plain, connection } = await access.grant({ name: 'bob', roles: ['executor'] });
    expect(plain).not.toHaveProperty('expiresAt');
    expect(plain).not.toHaveProperty('from');
    const bob = await shared.connect(connection);
    await bob.ask('kernel_info_request');
    const [owner, alice, second] = await access.clients();
    expect(owner).toMatchObject({ name: 'owner', roles: ['owner'], origin: 'connection-file' });
    expect(alice).toEqual({ ...issued.grant, connected: [], isRunning: false });
    expect(second).toEqual({
      ...plain,
      connected: [{ address: '127.0.0.1', since: expect.any(String), sockets: expect.any(Number) }],
      isRunning: false,
      lastRequest: { at: expect.any(String), type: 'kernel_info_request' },
    });
    expect(await access.revoke({ key: publicKey })).toEqual([issued.grant]);
    expect(await access.revoke({ name: 'bob', allBefore: new Date(Date.now() + 60_000) })).toEqual([plain]);
    expect((await access.clients()).map(({ name }) => name)).toEqual(['owner']);
    expect(access.unsaved).toBeUndefined();
  });

  test('rotates a key', async () => {
    const access = of(await shareKernel());
    const old = await access.grant(ALICE);
    const fresh = await access.rotate('alice', { overlap: 1000 });
    expect(fresh.grant).toMatchObject(ALICE);
    expect(fresh.grant.id).not.toBe(old.grant.id);
    await eventually(async () => (await access.clients()).every(({ id }) => id !== old.grant.id));
    expect((await access.clients()).map(({ id }) => id)).toContain(fresh.grant.id);
  });

  test('changes roles and topics, and decides by them', async () => {
    const access = of(await shareKernel());
    await access.grant(ALICE);
    expect(await access.can('alice', 'execute_request')).toEqual({
      allowed: false,
      rule: 'no rule',
      missing: 'shell.execute_request',
    });
    expect(await access.setRoles('alice', ['executor'])).toBeUndefined();
    expect(await access.can('alice', 'execute_request')).toEqual({ allowed: true, rule: 'executor: shell.*' });
    expect(await access.can('alice', 'comm widget')).toMatchObject({ allowed: true });
    expect(await access.setTopic('salaries', 'private')).toEqual(['salaries']);
    expect(await access.can('alice', 'see iopub.stream groups=salaries')).toMatchObject({ allowed: false });
    expect(await access.privateTopics()).toEqual(['salaries']);
    expect(await access.setTopic('salaries', 'public')).toEqual([]);
    expect([...(await access.reloadPolicy())].toSorted()).toEqual(['admin', 'executor', 'observer', 'owner']);
  });

  test('refuses with the same errors', async () => {
    const access = of(await shareKernel());
    const refusals = [
      [access.revoke({}), 'usage', 'One of name, key, id and all_before is wanted.'],
      [access.revoke({ allBefore: new Date(Number.NaN) }), 'usage', 'The date of all_before is invalid.'],
      [access.revoke({ name: 'eve' }), 'identity-unknown', 'No grant matches.'],
      [access.revoke({ name: 'owner' }), 'last-owner', expect.any(String)],
      [access.rotate('eve'), 'identity-unknown', 'eve has no grant.'],
      [access.rotate('owner'), 'grant-failed', 'The keys of the connection file are the kernel’s own.'],
      [access.setRoles('eve', ['observer']), 'identity-unknown', 'eve has no grant.'],
      [access.setRoles('owner', ['observer']), 'last-owner', expect.any(String)],
      [access.setTopic('!x', 'private'), 'usage', expect.stringContaining('"!x"')],
      [access.can('owner', 'dance'), 'usage', expect.stringContaining('"dance"')],
      [access.can('eve', 'execute_request'), 'identity-unknown', 'eve has no grant.'],
      [access.grant({ ...ALICE, roles: ['magician'] }), 'grant-failed', expect.stringContaining('"magician"')],
      [access.grant({ ...ALICE, name: 'kernel' }), 'identity-invalid', expect.any(String)],
      [access.grant({ ...ALICE, publicKey: 'x' }), 'key-invalid', expect.any(String)],
    ] as const;
    // All at once: a rejection that has no handler yet would end the test.
    await Promise.all(
      refusals.map(([promise, code, message]) =>
        expect(promise).rejects.toMatchObject({ code, message, hint: expect.stringMatching(/\w/) }),
      ),
    );
  });

  test('watches the same events, until it is stopped', async () => {
    const shared = await shareKernel();
    const access = of(shared);
    const events: AccessEvent[] = [];
    const stop = await access.watch((event) => events.push(event));
    const { grant, connection } = await access.grant(ALICE);
    await (await shared.connect(connection)).ask('execute_request', { code: '1' });
    await access.revoke({ name: 'alice' });
    await eventually(() => events.some(({ event }) => event === 'revoke'));
    const facts = { time: expect.any(String), kernel: expect.any(String), identity: 'alice' };
    const ofAlice = { ...facts, fingerprint: grant.fingerprint };
    expect(events).toContainEqual({ ...ofAlice, event: 'grant', verdict: 'allowed', rule: 'observer by owner' });
    expect(events).toContainEqual({
      ...ofAlice,
      event: 'accept',
      verdict: 'allowed',
      address: '127.0.0.1',
      channels: expect.arrayContaining(['shell', 'iopub']),
    });
    expect(events).toContainEqual({
      ...ofAlice,
      event: 'deny',
      verdict: 'refused',
      channel: 'shell',
      type: 'execute_request',
      rule: 'no rule',
    });
    expect(events).toContainEqual({ ...ofAlice, event: 'revoke', verdict: 'allowed', rule: 'revoked by owner' });
    await stop();
    const count = events.length;
    await access.grant(ALICE);
    expect(events).toHaveLength(count);
  });
});
