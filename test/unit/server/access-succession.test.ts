/** What becomes of a client's work, its questions and its end when its keys change, or when it is cut off and comes back. */
import { describe, expect, test } from '@jest/globals';
import type { Language } from '#src/kernel/language.js';
import { eventually } from '../../support/eventually.js';
import { childOf } from '../../support/kernel/kernel-client.js';
import { gate, OK, scripted, untilAborted } from '../../support/kernel/serve.js';
import { share, type Shared } from '../../support/kernel/share.js';

const keysOf = async ({ kernel }: Shared, name: string): Promise<string[]> =>
  (await kernel.access.clients()).filter((client) => client.name === name).map(({ id }) => id);

/** Runs `hold` until it is interrupted or let go; tells what ran. */
function holding(): { ran: string[]; interrupted: () => boolean; release: () => void; language: Language } {
  const ran: string[] = [];
  const held = gate();
  let interrupted = false;
  return {
    ran,
    interrupted: () => interrupted,
    release: () => held.open(),
    language: scripted(async ({ code }, cell) => {
      ran.push(code);
      if (code !== 'hold') return OK;
      const aborted = untilAborted(cell.signal).catch((error: unknown) => {
        interrupted = true;
        throw error;
      });
      await Promise.race([held.passed, aborted]);
      return OK;
    }),
  };
}

const asking: Language = scripted(async (_, cell) => {
  cell.stream('stdout', await cell.input('name?').catch((error: Error) => error.message));
  return OK;
});

describe('after a rotation whose overlap is over', () => {
  test('revoking ends what the old key asked for', async () => {
    const { ran, interrupted, language } = holding();
    const shared = await share(language);
    const { kernel, owner, admit } = shared;
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('hold');
    await ada.execute('queued');
    await ada.ask('kernel_info_request');
    await owner.find(({ message }) => childOf(message, id), 'busy');
    for (let turn = 0; turn < 2; turn++) {
      await kernel.access.rotate('ada', { overlap: 1 });
      await eventually(async () => (await keysOf(shared, 'ada')).length === 1);
    }
    await kernel.access.revoke({ name: 'ada' });
    const own = await owner.execute('mine');
    expect(await owner.answer(own)).toMatchObject({ status: 'ok' });
    expect(interrupted()).toBe(true);
    expect(ran).toEqual(['hold', 'mine']);
  });

  test('so does revoking the new key alone, whatever other keys there are', async () => {
    const { ran, interrupted, language } = holding();
    const shared = await share(language);
    const { kernel, owner, admit } = shared;
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('hold');
    await ada.execute('queued');
    await ada.ask('kernel_info_request');
    await owner.find(({ message }) => childOf(message, id), 'busy');
    const { grant } = await kernel.access.rotate('ada', { overlap: 1 });
    await eventually(async () => (await keysOf(shared, 'ada')).length === 1);
    await kernel.access.grant({ name: 'ada', roles: ['executor'] });
    await kernel.access.revoke({ id: grant.id });
    expect(await owner.answer(await owner.execute('mine'))).toMatchObject({ status: 'ok' });
    expect(interrupted()).toBe(true);
    expect(ran).toEqual(['hold', 'mine']);
  });

  test('an old key whose successor was revoked takes what it asked for with it', async () => {
    const { ran, interrupted, language } = holding();
    const shared = await share(language);
    const { kernel, owner, admit } = shared;
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('hold');
    await owner.find(({ message }) => childOf(message, id), 'busy');
    const { grant } = await kernel.access.rotate('ada', { overlap: 1_000 });
    await kernel.access.revoke({ id: grant.id });
    expect(await owner.answer(await owner.execute('mine'))).toMatchObject({ status: 'ok' });
    expect(interrupted()).toBe(true);
    expect(ran).toEqual(['hold', 'mine']);
  });

  test('another role counts for what the old key asked for', async () => {
    const { ran, release, language } = holding();
    const shared = await share(language);
    const { kernel, owner, admit } = shared;
    const ada = await admit('ada', 'executor');
    const id = await owner.execute('hold');
    await owner.find(({ message }) => childOf(message, id), 'busy');
    await ada.execute('queued');
    await ada.ask('kernel_info_request');
    await kernel.access.rotate('ada', { overlap: 1 });
    await eventually(async () => (await keysOf(shared, 'ada')).length === 1);
    await kernel.access.setRoles('ada', ['observer']);
    release();
    expect(await owner.answer(await owner.execute('mine'))).toMatchObject({ status: 'ok' });
    expect(ran).toEqual(['hold', 'mine']);
  });

  test('what the old key runs goes on, and asks nobody who is gone', async () => {
    const shared = await share(asking);
    const { kernel, owner, admit } = shared;
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('ask', { allow_stdin: true });
    await ada.find(({ channel }) => channel === 'stdin', 'the question');
    await kernel.access.rotate('ada', { overlap: 1 });
    await owner.idle(id);
    expect(owner.published(id).map(({ content }) => content['text'])).toContain(
      'No input can be asked for: the client that sent the request is gone.',
    );
  });
});

describe('rotating several keys of one identity', () => {
  test('takes the narrowest of their limits', async () => {
    const { kernel } = await share(asking);
    await kernel.access.grant({ name: 'eve', roles: ['observer'] });
    await kernel.access.grant({ name: 'eve', roles: ['executor'], from: ['10.0.0.0/8'], expiresIn: 60_000 });
    await kernel.access.grant({ name: 'eve', roles: ['observer'], from: ['10.0.0.0/8'], expiresIn: 90_000 });
    for (let turn = 0; turn < 2; turn++) {
      const { grant } = await kernel.access.rotate('eve', { overlap: 60_000 });
      expect(grant).toMatchObject({ roles: ['observer', 'executor'], from: ['10.0.0.0/8'] });
      expect(Date.parse(grant.expiresAt ?? '')).toBeLessThanOrEqual(Date.parse(grant.issuedAt) + 60_000);
    }
  });

  test('is refused where they are for different addresses', async () => {
    const { kernel } = await share(asking);
    await kernel.access.grant({ name: 'eve', roles: ['observer'], from: ['192.168.0.0/16'] });
    await kernel.access.grant({ name: 'eve', roles: ['executor'], from: ['10.0.0.0/8'] });
    await expect(kernel.access.rotate('eve')).rejects.toMatchObject({ code: 'grant-failed' });
    await expect(kernel.access.rotate('eve', { overlap: Infinity })).rejects.toMatchObject({ code: 'grant-failed' });
    expect(await kernel.access.clients()).toHaveLength(3);
  });
});

describe('cut off by the verifier and let in again', () => {
  test('a client still loses its old key when the overlap of a rotation is over', async () => {
    let answer = 'executor';
    const shared = await share(asking, { access: { verify: () => answer, reauthInterval: 50 } });
    const { kernel, admit, events } = shared;
    await admit('bob', 'executor');
    const [old = ''] = await keysOf(shared, 'bob');
    await kernel.access.rotate('bob', { overlap: 3_000 });
    answer = 'deny';
    await eventually(() => events.some(({ rule, event }) => event === 'grant' && rule === 'the verifier denies'));
    answer = 'executor';
    expect(await keysOf(shared, 'bob')).toContain(old);
    await eventually(async () => !(await keysOf(shared, 'bob')).includes(old));
    expect(await keysOf(shared, 'bob')).toHaveLength(1);
  });

  test('a client can be asked again', async () => {
    let answer = 'executor';
    const { kernel, join, events, owner } = await share(asking, {
      access: { verify: (name) => (name === 'bob' ? answer : 'observer'), reauthInterval: 50 },
    });
    const { connection } = await kernel.access.grant({ name: 'bob', roles: ['executor'] });
    await join(connection);
    answer = 'deny';
    await eventually(() => events.some(({ rule, event }) => event === 'grant' && rule === 'the verifier denies'));
    answer = 'executor';
    await eventually(async () =>
      join(connection).then(
        () => true,
        () => false,
      ),
    );
    const bob = await join(connection);
    const id = await bob.execute('ask', { allow_stdin: true });
    await bob.find(({ channel }) => channel === 'stdin', 'the question');
    await bob.send('input_reply', { value: 'bob' }, { channel: 'stdin' });
    await owner.idle(id);
    expect(owner.published(id).map(({ content }) => content['text'])).toContain('bob');
  });
});
