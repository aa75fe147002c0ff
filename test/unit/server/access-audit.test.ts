import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  appendFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { tipOf, verifyAudit } from '#src/access/audit/audit-chain.js';
import type { AuditRecord } from '#src/access/audit/audit-record.js';
import { endpoint } from '#src/connection/endpoints.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { AuditWriter } from '#src/server/audit/audit-writer.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { probe } from '#src/transport/client/probe.js';
import { eventually } from '../../support/eventually.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { folder, freshFile, knock, share } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});
const ALL = ['control', 'heartbeat', 'iopub', 'shell', 'stdin'];
const linesOf = async (file: string): Promise<string[]> => (await readFile(file, 'utf8')).trimEnd().split('\n');

test('the audit tells who came, was refused and was sent away, as a chain, and nothing that was said', async () => {
  const where = await folder();
  const file = await freshFile(where);
  const auditFile = join(where, 'audit', 'kernel-one.jsonl');
  const { kernel, owner, admit } = await share(echo, { access: { auditFile } }, file);
  await owner.ask('execute_request', { code: 'marker-of-the-owner' });
  expect(await readdir(where)).toEqual(['kernel-one.json']);
  const granted = await kernel.access.grant({ name: 'ann', roles: ['observer'] });
  const stranger = await generateCurvePair();
  await knock(granted.connection, stranger);
  const bob = await admit('bob', 'observer');
  for (let n = 0; n < 300; n++) await bob.execute('marker-of-bob');
  await bob.ask('kernel_info_request');
  await kernel.access.revoke({ name: 'bob' });
  await kernel.close();
  const lines = await linesOf(auditFile);
  expect(verifyAudit(lines)).toMatchObject({ ok: true, closed: true });
  expect(verifyAudit(lines.toSpliced(2, 1)).ok).toBe(false);
  const records = lines.map((line): Record<string, unknown> => JSON.parse(line));
  expect(records).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ event: 'accept', identity: 'owner', channels: ALL, address: '127.0.0.1' }),
      expect.objectContaining({ event: 'grant', identity: 'bob', kernel: 'kernel-one' }),
      expect.objectContaining({ event: 'refuse', identity: 'ann', verdict: 'refused' }),
      expect.objectContaining({ event: 'deny', identity: 'bob', type: 'execute_request', rule: 'no rule' }),
      expect.objectContaining({ event: 'deny', identity: 'bob', count: 299 }),
      expect.objectContaining({ event: 'revoke', identity: 'bob', rule: 'revoked by owner' }),
    ]),
  );
  const text = lines.join();
  for (const hidden of ['marker', stranger.publicKey, granted.connection.curve?.publicKey]) {
    expect(text).not.toContain(hidden);
  }
  expect((await stat(auditFile)).mode & 0o777).toBe(0o600);
});

test('a kernel that its owner alone has, and that only refused plain text, has no audit', async () => {
  const where = await folder();
  const file = await freshFile(where);
  const access = { auditFile: join(where, 'audit', 'kernel-one.jsonl') };
  const { kernel, owner, events } = await share(echo, { access }, file);
  // As a manager does under `required`.
  expect(await probe(endpoint(kernel.connection, 'shell'), { mechanism: 'null' }, 'shell')).not.toBe('admitted');
  await eventually(() => events.some(({ event }) => event === 'refuse'));
  await owner.ask('execute_request', { code: '' });
  await kernel.close();
  expect(await readdir(where)).toEqual(['kernel-one.json']);
});

test('a further run goes on in the same file; one that was cut is kept, and another begun', async () => {
  const where = await folder();
  const [file, auditFile] = [await freshFile(where), join(where, 'audit.jsonl')];
  const run = async (): Promise<void> => {
    const { kernel } = await share(echo, { access: { auditFile } }, file);
    await kernel.access.grant({ name: 'bob', roles: ['observer'] });
    await kernel.close();
  };
  await run();
  const first = await linesOf(auditFile);
  await run();
  const lines = await linesOf(auditFile);
  expect(lines.filter((line) => line.includes('"event":"start"'))).toHaveLength(2);
  expect(lines.slice(0, first.length)).toEqual(first);
  expect(verifyAudit(lines)).toMatchObject({ ok: true, closed: true });
  await writeFile(auditFile, lines.join('\n').slice(0, -20));
  await run();
  expect(verifyAudit(await linesOf(auditFile))).toMatchObject({ ok: true, closed: true });
  expect((await readdir(where)).filter((name) => name.startsWith('audit.jsonl.broken-'))).toHaveLength(1);
});

test('a full disk stops grants and says so, and nothing else', async () => {
  const { kernel, owner, events } = await share(echo, { access: { auditFile: '/dev/full' } });
  await expect(kernel.access.grant({ name: 'bob', roles: ['observer'] })).rejects.toMatchObject({
    code: 'grant-failed',
  });
  expect((await kernel.access.clients()).map(({ name }) => name)).toEqual(['owner']);
  expect(events).toContainEqual(expect.objectContaining({ event: 'alarm', rule: expect.stringContaining('ENOSPC') }));
  expect(await owner.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
});

test('two kernels do not write into one audit: the second lets nobody in while the first lives', async () => {
  const where = await folder();
  const auditFile = join(where, 'audit.jsonl');
  const [first, second] = [await share(echo, { access: { auditFile } }), await share(echo, { access: { auditFile } })];
  const bob = { name: 'bob', roles: ['observer'] };
  await first.kernel.access.grant(bob);
  await expect(second.kernel.access.grant(bob)).rejects.toMatchObject({ code: 'grant-failed' });
  expect(second.events.map(({ rule }) => rule)).toContainEqual(expect.stringContaining('Another kernel writes into'));
  await first.kernel.access.grant({ ...bob, name: 'ann' });
  await first.kernel.close();
  await second.kernel.access.grant(bob);
  await second.kernel.close();
  expect(verifyAudit(await linesOf(auditFile))).toMatchObject({ ok: true, closed: true });
  expect(await readdir(where)).toEqual(['audit.jsonl']);
});

test('the audit of a kernel that was killed is taken over', async () => {
  const where = await folder();
  const auditFile = join(where, 'audit.jsonl');
  const dead = spawnSync('true');
  await writeFile(`${auditFile}.lock`, JSON.stringify({ pid: dead.pid, started: '' }));
  const { kernel } = await share(echo, { access: { auditFile } });
  await kernel.access.grant({ name: 'bob', roles: ['observer'] });
  await kernel.close();
  expect(await readdir(where)).toEqual(['audit.jsonl']);
});

test.each([
  ['removed', (file: string) => rm(file)],
  ['moved away', (file: string) => rename(file, `${file}.old`)],
  ['cut', (file: string) => truncate(file, 0)],
  ['added to', (file: string) => appendFile(file, '{}\n')],
])(
  'an audit that was %s while the kernel runs is begun anew, with an alarm that says up to where it was whole',
  async (how, change) => {
    const where = await folder();
    const auditFile = join(where, 'audit.jsonl');
    const { kernel, events } = await share(echo, { access: { auditFile } });
    await kernel.access.grant({ name: 'ann', roles: ['observer'] });
    const { seq, hash } = tipOf((await linesOf(auditFile)).at(-1) ?? '');
    await change(auditFile);
    await kernel.access.grant({ name: 'bob', roles: ['observer'] });
    const alarm = `The audit was removed, replaced or added to; it was whole up to ${seq}:${hash}.`;
    expect(events).toContainEqual(expect.objectContaining({ event: 'alarm', rule: alarm }));
    await kernel.close();
    const lines = await linesOf(auditFile);
    expect(verifyAudit(lines)).toMatchObject({ ok: true, closed: true });
    const [, first] = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(first).toMatchObject({ event: 'alarm', rule: alarm });
    expect(lines.join()).toContain('"identity":"bob"');
    expect((await readdir(where)).length).toBe(how === 'removed' || how === 'cut' ? 1 : 2);
  },
);

test.each([
  ['a pipe', (file: string) => Promise.resolve(spawnSync('mkfifo', [file]))],
  [
    'a file of another name too',
    async (file: string) => (await writeFile(`${file}.other`, ''), link(`${file}.other`, file)),
  ],
  ['a symbolic link', async (file: string) => (await writeFile(`${file}.other`, ''), symlink(`${file}.other`, file))],
  ['a folder', (file: string) => mkdir(file)],
])('what is no file of this user alone is not written into, and nobody is let in: %s', async (_, make) => {
  const auditFile = join(await folder(), 'audit.jsonl');
  await make(auditFile);
  const { kernel, events } = await share(echo, { access: { auditFile } });
  const grant = kernel.access.grant({ name: 'bob', roles: ['observer'] });
  await expect(grant).rejects.toMatchObject({ code: 'grant-failed' });
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'alarm', rule: expect.stringContaining('The audit cannot be written') }),
  );
});

test('an audit that others may read is theirs no longer', async () => {
  const auditFile = join(await folder(), 'audit.jsonl');
  await writeFile(auditFile, '', { mode: 0o644 });
  const { kernel } = await share(echo, { access: { auditFile } });
  await kernel.access.grant({ name: 'bob', roles: ['observer'] });
  expect((await stat(auditFile)).mode & 0o777).toBe(0o600);
});

const recordsOf = async (file: string): Promise<AuditRecord[]> => {
  const lines = await linesOf(file);
  expect(verifyAudit(lines)).toMatchObject({ ok: true, closed: true });
  return lines.map((line): AuditRecord => JSON.parse(line));
};

function expectInOrder(records: readonly AuditRecord[]): void {
  const times = records.map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
}

test('a session of commands has a row for each question and change, one for each coming and going, and no denial', async () => {
  const where = await folder();
  const [file, auditFile] = [await freshFile(where), join(where, 'audit.jsonl')];
  const { kernel } = await share(echo, { access: { auditFile } }, file);
  const commands = 10;
  for (let n = 0; n < commands; n++) {
    await using access = await openAccess(file);
    await access.grant({ name: `bob${n}`, roles: ['observer'] });
    await access.clients();
    await access.setRoles(`bob${n}`, ['executor']);
    await access.can(`bob${n}`, 'execute_request');
    await access.setTopic(`topic${n}`, 'private');
    const stop = await access.watch(() => undefined);
    await stop();
    await access.revoke({ name: `bob${n}` });
  }
  await eventually(async () => (await kernel.access.clients()).every(({ connected }) => connected.length === 1));
  await kernel.close();
  const records = await recordsOf(auditFile);
  expectInOrder(records);
  const told = (event: string): number =>
    records.reduce((sum, record) => sum + (record.event === event ? (record.count ?? 1) : 0), 0);
  expect(
    Object.fromEntries(['accept', 'leave', 'deny', 'refuse', 'alarm'].map((event) => [event, told(event)])),
  ).toEqual({
    accept: commands + 1,
    leave: commands,
    deny: 0,
    refuse: 0,
    alarm: 0,
  });
  const changes = ['grant', 'role', 'topic', 'revoke'].map(told);
  expect(changes).toEqual([commands, commands, commands, commands]);
  expect(told('admin')).toBe(4 * commands);
  const comings = records.filter(({ event }) => event === 'accept' || event === 'leave');
  for (const { channels } of comings) expect(channels).toEqual(ALL);
  // Each coming and going is a row at most, and like ones within seconds are one with a count.
  expect(records.length - comings.length).toBe(8 * commands + 2);
});

test('times never go back: not by counts of what came before, nor by what happened before the file was there', async () => {
  const where = await folder();
  const [file, auditFile] = [await freshFile(where), join(where, 'audit.jsonl')];
  for (const name of ['ann', 'bob']) {
    const { kernel, admit } = await share(echo, { access: { auditFile } }, file);
    const client = await admit(name, 'observer');
    for (let n = 0; n < 20; n++) {
      expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ ename: 'NotPermitted' });
      expect(await client.ask('complete_request', { code: 'x' })).toMatchObject({ ename: 'NotPermitted' });
    }
    await kernel.access.setTopic('team', 'private');
    await kernel.close();
  }
  const records = await recordsOf(auditFile);
  const denials = records.filter(({ event }) => event === 'deny');
  expect(denials.some(({ count }) => count !== undefined)).toBe(true);
  expect(denials.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(80);
  expectInOrder(records);
});

const fail = (): never => {
  throw new Error('unexpected');
};
const topicAt = (time: string): AuditRecord => ({ time, kernel: 'k', event: 'topic', type: 't', verdict: 'allowed' });

test('a clock that is set back is an alarm, and times go on from the last row', async () => {
  const file = join(await folder(), 'audit.jsonl');
  const alarms: string[] = [];
  const first = new AuditWriter(file, 'k', ({ message }) => alarms.push(message));
  for (const time of ['2090-01-01T00:00:10.000Z', '2090-01-01T00:00:05.000Z', '2090-01-01T00:00:06.000Z']) {
    first.take(topicAt(time));
  }
  await first.written();
  expect(alarms).toEqual([expect.stringContaining('set back by 5 s')]);
  first.take(topicAt('2090-01-01T00:00:11.000Z'));
  first.take(topicAt('2090-01-01T00:00:01.000Z'));
  expect(alarms.slice(1)).toEqual([expect.stringContaining('set back by 10 s')]);
  await first.close();
  const second = new AuditWriter(file, 'k', fail);
  second.take(topicAt('2090-01-01T00:00:02.000Z'));
  await second.close();
  const records = await recordsOf(file);
  expect(records).toHaveLength(10);
  expectInOrder(records);
});
