import { describe, expect, test } from '@jest/globals';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import type { Language } from '#src/kernel/language.js';
import { serveKernel } from '#src/kernel/serve-kernel.js';
import { eventually } from '../../support/eventually.js';
import { childOf } from '../../support/kernel/kernel-client.js';
import { gate, OK, scripted, freshConnection, untilAborted } from '../../support/kernel/serve.js';
import { knock, share } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});

describe('a grant', () => {
  test('comes with a pair of its own, which opens its sockets and no others', async () => {
    const { kernel, owner } = await share(echo);
    const reply = await owner.ask('curve_grant_request', { name: 'bob', roles: ['observer'] }, { channel: 'control' });
    expect(reply).toMatchObject({
      status: 'ok',
      grant: { name: 'bob', roles: ['observer'], origin: 'grant', expires_at: null, from: null },
    });
    const connection = await parseConnectionInfo(JSON.stringify(reply['connection']), 'the reply');
    expect(await knock(connection)).toBe('in');
    expect(connection.key.equals(kernel.connection.key)).toBe(false);
    const pair = await generateCurvePair();
    const { publicKey = '', secretKey } = connection.curve ?? {};
    expect(await knock(connection, pair)).toBe('peer-refused');
    expect(await knock(kernel.connection, { publicKey, secretKey: secretKey ?? pair.secretKey })).toBe('peer-refused');
  });

  test('for a key of the client’s own holds no secret, and opens for that key only', async () => {
    const { kernel } = await share(echo);
    const pair = await generateCurvePair();
    const granted = await kernel.access.grant({ name: 'bob', roles: ['observer'], publicKey: pair.publicKey });
    const text = formatConnectionInfo(granted.connection);
    expect(text).not.toContain('curve_secretkey');
    const read = await parseConnectionInfo(text, 'the text');
    expect(await knock(read, pair)).toBe('in');
    const stranger = await generateCurvePair();
    const { clientPublicKey: _, ...curve } = read.curve ?? { publicKey: '' };
    expect(await knock({ ...read, curve }, stranger)).toBe('peer-refused');
  });

  test('is refused for what cannot be granted', async () => {
    const { kernel, owner } = await share(echo);
    for (const [content, ename] of [
      [{ name: 'kernel', roles: ['observer'] }, 'identity-invalid'],
      [{ name: '../x', roles: ['observer'] }, 'identity-invalid'],
      [{ name: 'bob', roles: [] }, 'grant-failed'],
      [{ name: 'bob', roles: ['emperor'] }, 'grant-failed'],
      [{ name: 'bob', roles: ['observer'], public_key: 'x' }, 'key-invalid'],
      [{ name: 'bob', roles: ['observer'], from: ['everywhere'] }, 'grant-failed'],
      [{ name: 'bob', roles: ['observer'], expires_in: -5 }, 'grant-failed'],
      [{ name: 'bob', roles: ['observer'], expires_in: 9_000_000_000_000 }, 'grant-failed'],
      [{ name: 'bob', roles: ['observer'], expires_in: 9_000_000_000 }, 'grant-failed'],
      [{ roles: ['observer'] }, 'message-malformed'],
    ] as const) {
      expect(await owner.ask('curve_grant_request', content, { channel: 'control' })).toMatchObject({ ename });
    }
    expect((await kernel.access.clients()).map(({ name }) => name)).toEqual(['owner']);
  });

  test('is refused on a kernel in plain text', async () => {
    const { curve: _, ...plain } = await freshConnection();
    const kernel = await serveKernel(echo, plain, { env: {} });
    await expect(kernel.access.grant({ name: 'bob', roles: ['observer'] })).rejects.toMatchObject({
      code: 'grant-failed',
    });
    await kernel.close();
  });

  test('ends when its time has come', async () => {
    const { kernel, admit, events } = await share(echo);
    const { connection } = await kernel.access.grant({ name: 'eve', roles: ['observer'], expiresIn: 3_000 });
    expect(await knock(connection)).toBe('in');
    await admit('bob', 'observer');
    await eventually(async () => (await kernel.access.clients()).every(({ name }) => name !== 'eve'));
    expect(events).toContainEqual(expect.objectContaining({ event: 'revoke', identity: 'eve', rule: 'expired' }));
    await eventually(async () => (await knock(connection, undefined, 500)) === 'peer-silent');
  });

  test('is for the addresses that it names', async () => {
    const { kernel, events } = await share(echo);
    const wish = { name: 'bob', roles: ['observer'] };
    const elsewhere = await kernel.access.grant({ ...wish, from: ['10.0.0.0/8'] });
    expect(await knock(elsewhere.connection)).toBe('peer-refused');
    const here = await kernel.access.grant({ ...wish, from: ['127.0.0.0/8'] });
    expect(await knock(here.connection)).toBe('in');
    expect(events).toContainEqual(expect.objectContaining({ event: 'refuse', identity: 'bob', address: '127.0.0.1' }));
  });
});

describe('revoking', () => {
  test('cuts the client off at once, drops what it asked for, and leaves others alone', async () => {
    const ran: string[] = [];
    const { kernel, owner, admit } = await share(
      scripted(async ({ code }, cell) => {
        ran.push(code);
        return code === 'spin' ? untilAborted(cell.signal) : OK;
      }),
    );
    const ada = await admit('ada', 'executor');
    const spinning = await ada.execute('spin');
    await owner.find(({ message }) => childOf(message, spinning), 'busy');
    await ada.execute('after');
    await ada.ask('kernel_info_request');
    // While the cell runs, busy is said again after that idle: the last that ada may hear.
    await ada.find(() => ada.said(spinning).join() === 'busy,execute_input,busy', 'busy again');
    const own = await owner.execute('mine');
    const heard = ada.heard.length;
    expect(await kernel.access.revoke({ name: 'ada' })).toMatchObject([{ name: 'ada' }]);
    expect(await owner.answer(own)).toMatchObject({ status: 'ok' });
    expect(new Set(owner.said(spinning))).toEqual(new Set(['busy', 'execute_input', 'error', 'idle']));
    expect(ran).toEqual(['spin', 'mine']);
    expect(ada.heard.length).toBe(heard);
    expect(ada.said(own)).toEqual([]);
  });

  test('lets its cell finish when that is wished, and fails what it asks', async () => {
    const passed = gate();
    const { kernel, owner, admit } = await share(
      scripted(async (_, cell) => {
        await passed.passed;
        const asked = await cell.input('name?').catch((error: Error) => error.message);
        cell.stream('stdout', asked);
        return OK;
      }),
    );
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('work', { allow_stdin: true });
    await owner.find(({ message }) => childOf(message, id), 'busy');
    await kernel.access.revoke({ name: 'ada', letFinish: true });
    passed.open();
    await owner.idle(id);
    expect(owner.published(id).map(({ content }) => content['text'])).toContain(
      'No input can be asked for: the client that sent the request is gone.',
    );
  });

  test('spares no session of the old key, and a key of another grant keeps working', async () => {
    const { kernel } = await share(echo);
    const one = await kernel.access.grant({ name: 'ada', roles: ['observer'] });
    const two = await kernel.access.grant({ name: 'ada', roles: ['executor'] });
    expect((await kernel.access.can('ada', 'execute_request')).allowed).toBe(true);
    await kernel.access.revoke({ key: two.grant.fingerprint });
    expect((await kernel.access.can('ada', 'execute_request')).allowed).toBe(false);
    expect(await knock(one.connection)).toBe('in');
    await eventually(async () => (await knock(two.connection, undefined, 500)) === 'peer-silent');
    await kernel.access.revoke({ allBefore: new Date(Date.now() + 1000) });
    expect((await kernel.access.clients()).map(({ name }) => name)).toEqual(['owner']);
  });

  test('never takes the last owner, nor an owner on behalf of an admin', async () => {
    const { kernel, owner, admit } = await share(echo);
    const control = { channel: 'control' } as const;
    expect(await owner.ask('curve_revoke_request', { name: 'owner' }, control)).toMatchObject({ ename: 'last-owner' });
    const demotion = { name: 'owner', roles: ['observer'] };
    expect(await owner.ask('curve_role_request', demotion, control)).toMatchObject({ ename: 'last-owner' });
    const admin = await admit('ann', 'admin');
    await kernel.access.grant({ name: 'olga', roles: ['owner'] });
    for (const [verb, content] of [
      ['curve_revoke_request', { name: 'olga' }],
      ['curve_role_request', { name: 'olga', roles: ['observer'] }],
      ['curve_role_request', { name: 'ann', roles: ['owner'] }],
      ['curve_grant_request', { name: 'ann', roles: ['owner'] }],
      ['curve_grant_request', { name: 'olga', roles: ['observer'] }],
    ] as const) {
      expect(await admin.ask(verb, content, control)).toMatchObject({ ename: 'NotPermitted' });
    }
    expect(await admin.ask('curve_grant_request', { name: 'bob', roles: ['observer'] }, control)).toMatchObject({
      status: 'ok',
    });
  });
});

describe('rotating', () => {
  test('gives a new key, ends the old one after the overlap, and loses no output', async () => {
    const passed = gate();
    const { kernel, owner, admit, join } = await share(
      scripted(async (_, cell) => {
        await passed.passed;
        cell.stream('stdout', 'done');
        return OK;
      }),
    );
    const old = await admit('ada', 'executor');
    const id = await old.execute('work');
    await owner.find(({ message }) => childOf(message, id), 'busy');
    const rotated = await kernel.access.rotate('ada', { overlap: 200 });
    const renewed = await join(rotated.connection);
    await eventually(async () => (await kernel.access.clients()).filter(({ name }) => name === 'ada').length === 1);
    passed.open();
    await renewed.idle(id);
    expect(renewed.said(id)).toEqual(['stream', 'idle']);
    await expect(kernel.access.rotate('owner')).rejects.toMatchObject({ code: 'grant-failed' });
  });
});

describe('administrative requests', () => {
  test('say who is connected, what somebody may do, and what happens', async () => {
    const { owner, admit } = await share(echo);
    const control = { channel: 'control' } as const;
    await owner.ask('curve_watch_request', { watch: true }, control);
    const bob = await admit('bob', 'observer');
    await bob.ask('kernel_info_request');
    const { clients } = await owner.ask('curve_clients_request', {}, control);
    expect(clients).toMatchObject([
      { name: 'owner', origin: 'connection-file', last_request: { type: 'curve_clients_request' } },
      {
        name: 'bob',
        connected: [{ address: '127.0.0.1', sockets: 5 }],
        last_request: { type: 'kernel_info_request' },
      },
    ]);
    const can = async (act: string) => owner.ask('curve_can_request', { name: 'bob', act }, control);
    expect(await can('execute_request')).toMatchObject({ allowed: false, missing: 'shell.execute_request' });
    expect(await can('shell.kernel_info_request')).toMatchObject({ allowed: true });
    expect(await can('see iopub.stream')).toMatchObject({ allowed: true, rule: 'observer: iopub.*' });
    expect(await can('comm widget')).toMatchObject({ allowed: false });
    expect(await can('')).toMatchObject({ status: 'error' });
    await owner.find(({ message: { header, content } }) => {
      return header.msg_type === 'curve_event' && content['event'] === 'accept' && content['identity'] === 'bob';
    }, 'the event');
    expect(bob.heard.map(({ message }) => message.header.msg_type)).not.toContain('curve_event');
    expect(await owner.ask('curve_topic_request', { topic: 'x', private: true }, control)).toMatchObject({
      private_topics: ['x'],
    });
    expect(await owner.ask('curve_role_request', { name: 'bob', roles: ['executor'] }, control)).toMatchObject({
      name: 'bob',
      roles: ['executor'],
    });
    expect(await bob.ask('execute_request', { code: 'now' })).toMatchObject({ status: 'ok' });
    expect(await owner.ask('curve_policy_request', {}, control)).toMatchObject({ source: 'built in' });
    expect(await owner.ask('curve_nonsense_request', {}, control)).toMatchObject({ status: 'error' });
  });
});
