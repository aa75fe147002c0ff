/** Attacks on who may do what: each was seen to work before what stops it was there. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { createPeers } from '#src/server/peers.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { probe } from '#src/transport/client/probe.js';
import { OK, scripted } from '../support/kernel/serve.js';
import { folder, freshFile, share, type Shared } from '../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});
const names = async ({ kernel }: Shared): Promise<string[]> => (await kernel.access.clients()).map(({ name }) => name);

describe('something else in the place of a file of the kernel', () => {
  test.each(['a pipe', 'a folder', 'a pipe for a lock', 'a folder for a lock'])(
    'holds up neither its start nor its end: %s',
    async (what) => {
      const where = await folder();
      const file = await freshFile(where);
      const auditFile = join(where, 'audit.jsonl');
      const place = what.endsWith('lock') ? `${auditFile}.lock` : `${file}.access`;
      if (what.startsWith('a pipe')) execFileSync('mkfifo', [place]);
      else await mkdir(place);
      const shared = await share(echo, { access: { auditFile } }, file);
      await shared.kernel.access.grant({ name: 'bob', roles: ['observer'] }).catch(() => undefined);
      await shared.kernel.close();
      expect(await shared.kernel.closed).toEqual({ restart: false });
    },
  );
});

describe('a clock that is set back', () => {
  test('over a restart prolongs no grant', async () => {
    const where = await folder();
    const file = await freshFile(where);
    const first = await share(echo, {}, file);
    await first.kernel.access.grant({ name: 'bob', roles: ['observer'], expiresIn: 3_600_000 });
    await first.kernel.close('restart');
    const now = Date.now;
    try {
      Date.now = () => now() - 24 * 3_600_000;
      const second = await share(echo, {}, file);
      expect(await names(second)).toContain('bob');
      await using access = await openAccess(file);
      // What is left shows in the key that takes the place of this one.
      const { grant } = await access.rotate('bob');
      const left = Date.parse(grant.expiresAt ?? '') - Date.now();
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(3_600_000);
    } finally {
      Date.now = now;
    }
  });
});

describe('who may change roles, and is no owner or admin,', () => {
  test('gives itself and others only those that it holds', async () => {
    const where = await folder();
    const [file, policy] = [await freshFile(where), join(where, 'policy.yaml')];
    const send = '[shell.kernel_info_request, control.curve_role_request, control.curve_grant_request]';
    await writeFile(
      policy,
      `roles: { keeper: { send: ${send}, see: ['iopub.*'] }, doctor: { send: ['shell.*'], see: ['iopub.*'], groups: ['*'] } }`,
      { mode: 0o600 },
    );
    const { kernel, admit } = await share(echo, { access: { policyFile: policy } }, file);
    const eve = await admit('eve', 'keeper');
    await admit('ann', 'doctor');
    const control = { channel: 'control' } as const;
    for (const [verb, content] of [
      ['role', { name: 'eve', roles: ['keeper', 'doctor'] }],
      ['role', { name: 'eve', roles: ['executor'] }],
      ['grant', { name: 'eve', roles: ['doctor'] }],
      ['grant', { name: 'eve2', roles: ['executor'] }],
    ] as const) {
      expect(await eve.ask(`curve_${verb}_request`, content, control)).toMatchObject({ ename: 'NotPermitted' });
    }
    expect(await eve.ask('curve_grant_request', { name: 'tom', roles: ['keeper'] }, control)).toMatchObject({
      status: 'ok',
    });
    expect(await eve.ask('curve_role_request', { name: 'ann', roles: ['keeper'] }, control)).toMatchObject({
      status: 'ok',
    });
    expect((await kernel.access.clients()).map(({ name, roles }) => `${name}:${String(roles)}`)).toEqual([
      'owner:owner',
      'eve:keeper',
      'ann:keeper',
      'tom:keeper',
    ]);
  });
});

test('a key that is given for a role is repeated neither in the error nor in the audit', async () => {
  const where = await folder();
  const file = await freshFile(where);
  const { kernel, events } = await share(echo, {}, file);
  const { publicKey } = await generateCurvePair();
  await kernel.access.grant({ name: 'bob', roles: ['observer'] });
  await using access = await openAccess(file);
  for (const ask of [access.grant({ name: 'ann', roles: [publicKey] }), access.setRoles('bob', [publicKey])]) {
    const error = await ask.then(String, (refused: unknown) => JSON.stringify([String(refused), refused]));
    expect(error).toContain('no name');
    expect(error).not.toContain(publicKey.slice(0, 20));
  }
  expect(JSON.stringify(events)).not.toContain(publicKey.slice(0, 20));
});

test('a private display that is shown again without its group stays private', async () => {
  const again = scripted(async ({ code }, cell) => {
    const metadata = code === 'private' ? { groups: ['salaries'] } : {};
    cell.display({ 'text/plain': code }, { metadata, displayId: 'd' });
    return OK;
  });
  const { kernel, owner, admit } = await share(again);
  await kernel.access.setTopic('salaries', 'private');
  const bob = await admit('bob', 'observer');
  for (const code of ['private', 'again']) {
    const id = await owner.execute(code);
    // Each has a connection of its own: that one has heard all of it says nothing of the other.
    await Promise.all([bob.idle(id), owner.idle(id)]);
    expect(bob.said(id)).toEqual(['busy', 'execute_input', 'idle']);
    expect(owner.said(id)).toContain('display_data');
  }
});

test('a stranger who knocks at heartbeat changes no role, and the verifier is not asked', async () => {
  const asked: string[] = [];
  const verify = (identity: string, _address: string, key: { readonly publicKey: string }): string => {
    asked.push(key.publicKey);
    return identity === 'bob' ? 'executor' : 'deny';
  };
  const { kernel } = await share(echo, { access: { verify } });
  const { connection } = await kernel.access.grant({ name: 'bob', roles: ['observer'] });
  const serverKey = connection.curve?.publicKey ?? '';
  expect(await probe(endpoint(connection, 'heartbeat'), { mechanism: 'curve', serverKey }, 'heartbeat')).toBe(
    'admitted',
  );
  expect(asked).toEqual([]);
  expect((await kernel.access.clients()).find(({ name }) => name === 'bob')?.roles).toEqual(['observer']);
});

test('connections without a shell, of which no end is seen, fill no list of clients', () => {
  const peers = createPeers();
  for (let n = 0; n < 10_000; n++) {
    const address = `10.0.${n >> 8}.${n & 255}`;
    peers.take({ kind: 'peer-accepted', socket: 'iopub', address }, new Date(0));
  }
  peers.take({ kind: 'peer-accepted', socket: 'shell', address: '10.9.9.9' }, new Date(0));
  expect(peers.list().length).toBeLessThanOrEqual(17);
  expect(peers.list().at(-1)).toMatchObject({ address: '10.9.9.9' });
});
