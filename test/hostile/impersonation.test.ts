/** Whatever a client says of itself, what it does is attributed to the identity of its key, and it sees what that identity may see. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import type { Json, JsonObject } from '#src/protocol/message.js';
import { eventually } from '../support/eventually.js';
import { childOf, plainText, textOf, type KernelClient } from '../support/kernel/kernel-client.js';
import { startLiveKernel, type LiveKernel } from '../support/kernel/live-kernel.js';
import { runPython } from '../support/run-python.js';

const POLICY = `
roles:
  loner: { send: ['shell.*', 'stdin.*', 'control.interrupt_request own'], see: ['iopub.* own'] }
  deaf: { send: ['*.kernel_info_request'], see: [iopub.status] }
`;

let live: LiveKernel;
let owner: KernelClient;
let alice: KernelClient;
const ALICE = { session: randomUUID(), username: 'alice' };
const connections = new Map<string, ConnectionInfo>();
const events: AccessEvent[] = [];

beforeAll(async () => {
  live = await startLiveKernel({ data: { 'access_policy.yaml': POLICY } });
  owner = await live.connect();
  await live.access.watch((event) => events.push(event));
  for (const [name, role] of [
    ['alice', 'executor'],
    ['bob', 'executor'],
    ['eve', 'observer'],
    ['lena', 'loner'],
    ['dora', 'deaf'],
  ] as const) {
    connections.set(name, await live.grant(name, [role]));
  }
  alice = await live.connect(connectionOf('alice'), ALICE);
});
afterAll(async () => live[Symbol.asyncDispose]());

function connectionOf(name: string): ConnectionInfo {
  const connection = connections.get(name);
  if (connection === undefined) throw new Error(`no ${name}`);
  return connection;
}

interface RawMessage {
  readonly channel: string;
  readonly header: string;
  readonly parent?: string;
  readonly content?: string;
  readonly key?: string;
  readonly times?: number;
}
type RawHeard = readonly [channel: string, header: JsonObject, parent: JsonObject, content: JsonObject];

/** Sends as `name` with a client that keeps to no rule; `meanwhile` is done before it looks at what it was sent. */
async function raw(
  name: string,
  messages: readonly RawMessage[],
  options: {
    readonly routing_id?: string;
    readonly metadata?: readonly string[];
    readonly xsub?: boolean;
    readonly topics?: readonly string[];
  } = {},
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<readonly RawHeard[]> {
  const file = await live.file(`${name}-${randomUUID()}`, connectionOf(name));
  const program = runPython('raw_client.py', live.environment, { file, messages, ...options });
  try {
    await program.nextLine();
    program.say('send');
    await program.nextLine();
    await meanwhile();
    program.say('hear');
    return JSON.parse(await program.nextLine());
  } finally {
    await program.end();
  }
}

const header = (msgType: string, more: JsonObject = {}): string =>
  JSON.stringify({
    msg_id: randomUUID(),
    msg_type: msgType,
    session: ALICE.session,
    username: 'alice',
    date: new Date().toISOString(),
    version: '5.3',
    ...more,
  });
const asOwner = (msgType: string): RawMessage => ({
  channel: 'control',
  header: header(msgType, { username: 'owner' }),
  content: JSON.stringify({ name: 'eve', roles: ['owner'] }),
});
/** A header in which `field` stands twice. */
const doubled = (field: string, first: string, second: string): string =>
  header('x').replace(/\}$/, '').replace(`"${field}":`, `"${field}":"${first}","${field}x":`) +
  `,"${field}":"${second}"}`;
const COUNT = JSON.stringify({
  code: 'globalThis.ran = (globalThis.ran ?? 0) + 1',
  silent: false,
  store_history: true,
});

/** How often {@link COUNT} ran, and sets it to 0. */
async function ran(): Promise<number> {
  const id = await owner.execute('const times = globalThis.ran ?? 0; globalThis.ran = 0; times');
  await owner.idle(id);
  const [shown] = owner.published(id).filter((one) => one.header.msg_type === 'execute_result');
  return Number(shown === undefined ? Number.NaN : plainText(shown));
}

describe('I2: a forged user name and session', () => {
  test('change nothing: everything on iopub has the verified name of who asked', async () => {
    const bob = await live.connect(connectionOf('bob'), ALICE);
    const id = await bob.execute("console.log('who am I')");
    const answered = await bob.reply(id);
    for (const client of [owner, alice, bob]) {
      await client.idle(id);
      const published = client.published(id);
      expect(published.length).toBeGreaterThanOrEqual(4);
      expect(new Set(published.map((one) => one.parent_header.username))).toEqual(new Set(['bob']));
    }
    expect(answered.parent_header.username).toBe('bob');
    await bob.close();
  });

  test('do not make a request one’s own: who sees only its own sees nothing of it', async () => {
    const lena = await live.connect(connectionOf('lena'));
    const bob = await live.connect(connectionOf('bob'), { session: randomUUID(), username: 'lena' });
    const forged = await bob.execute("console.log('as lena')");
    await bob.reply(forged);
    const own = await lena.execute("console.log('lena herself')");
    await lena.idle(own);
    expect(lena.published(forged)).toEqual([]);
    expect(new Set(lena.heard.map(({ message }) => message.parent_header.msg_id))).toEqual(new Set([own, undefined]));
    // Nor does her name let her interrupt what he runs, or him what she does.
    const running = await bob.execute("console.log('running'); await new Promise(() => {})");
    await eventually(() => bob.said(running).includes('stream'), 'the cell runs');
    expect(await lena.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ ename: 'NotPermitted' });
    expect(await bob.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
    await bob.reply(running);
    await lena.close();
    await bob.close();
  });

  test('nor does the name of the owner, the kernel or somebody else’s client id open administration', async () => {
    const heard = await raw('eve', [asOwner('curve_role_request'), asOwner('curve_grant_request')]);
    const replies = heard.filter(
      ([channel, { msg_type: type }]) => channel === 'control' && textOf(type).startsWith('curve'),
    );
    expect(replies.map(([, , , content]) => content['ename'])).toEqual(['NotPermitted', 'NotPermitted']);
    const [eve] = (await live.access.clients()).filter(({ name }) => name === 'eve');
    expect(eve?.roles).toEqual(['observer']);
  });
});

describe('I3: a stolen routing id', () => {
  test('of a client that is there: its replies and questions still go to it alone', async () => {
    const bob = await live.connect(connectionOf('bob'), { session: randomUUID(), routingId: ALICE.session });
    const asked = await alice.execute("'got ' + await input('who? ')", { allow_stdin: true });
    await alice.find(
      ({ channel, message }) => channel === 'stdin' && message.parent_header.msg_id === asked,
      'the question',
    );
    await bob.send('input_reply', { value: 'bob' }, { channel: 'stdin' });
    await bob.ask('kernel_info_request');
    await alice.send('input_reply', { value: 'alice' }, { channel: 'stdin' });
    await alice.answer(asked);
    expect(alice.published(asked).map(plainText)).toContain("'got alice'");
    expect(bob.heard.filter(({ channel }) => channel === 'stdin')).toEqual([]);
    expect(
      bob.heard.filter(({ channel, message }) => channel !== 'iopub' && message.parent_header.msg_id === asked),
    ).toEqual([]);
    await bob.close();
  });

  test('of a client that has left: what it was to be sent reaches nobody', async () => {
    const routingId = randomUUID();
    const leaving = await live.connect(connectionOf('alice'), { session: randomUUID(), routingId });
    const id = await leaving.execute("await new Promise((done) => setTimeout(done, 500)); 'late'");
    await owner.find(({ message }) => childOf(message, id), 'its start');
    await leaving.close();
    const bob = await live.connect(connectionOf('bob'), { session: randomUUID(), routingId });
    await owner.idle(id);
    await bob.ask('kernel_info_request');
    expect(
      bob.heard.filter(({ channel, message }) => channel !== 'iopub' && message.parent_header.msg_id === id),
    ).toEqual([]);
    await bob.close();
  });
});

describe('I2: ZMTP metadata', () => {
  test('X-User-Id, X-Role and the like give no name and no right', async () => {
    const own = header('kernel_info_request', { username: 'owner' });
    const execute = { channel: 'shell', header: header('execute_request', { username: 'owner' }), content: COUNT };
    const heard = await raw('eve', [{ channel: 'shell', header: own }, execute], {
      metadata: ['X-User-Id:owner', 'X-Username:owner', 'X-Role:owner', 'X-Identity:alice'],
    });
    const { msg_id: id }: { msg_id: string } = JSON.parse(own);
    const told = heard.filter(([, , parent]) => parent['msg_id'] === id);
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(new Set(told.map(([, , parent]) => parent['username']))).toEqual(new Set(['eve']));
    expect(heard.map(([, , , content]) => content['ename'])).toContain('NotPermitted');
    expect(await ran()).toBe(0);
  });
});

describe('I2: parent headers', () => {
  test('of another’s request do not make one’s output its, nor its question one’s own', async () => {
    const asked = await alice.execute("'got ' + await input('who? ')", { allow_stdin: true });
    const { message: question } = await alice.find(
      ({ channel, message }) => channel === 'stdin' && message.parent_header.msg_id === asked,
      'the question',
    );
    const id = randomUUID();
    const forged = { parent: JSON.stringify(question.header), channel: 'stdin', header: header('input_reply') };
    const execute = { channel: 'shell', header: header('execute_request', { msg_id: id }), content: COUNT };
    const heard = await raw(
      'bob',
      [
        { ...forged, content: '{"value":"bob"}' },
        { ...forged, content: '{"value":"bob"}', parent: JSON.stringify(question.parent_header) },
        { ...forged, content: '{"value":"bob"}', parent: '{}' },
        { ...forged, content: '{"value":"bob"}', channel: 'shell' },
        { ...execute, parent: JSON.stringify(question.parent_header) },
      ],
      { routing_id: ALICE.session },
      async () => {
        await alice.send('input_reply', { value: 'alice' }, { channel: 'stdin' });
        await alice.answer(asked);
        await owner.idle(id);
      },
    );
    expect(alice.published(asked).map(plainText)).toContain("'got alice'");
    expect(new Set(owner.published(id).map((one) => one.parent_header.username))).toEqual(new Set(['bob']));
    expect(owner.published(asked).filter((one) => one.header.msg_type === 'execute_input')).toHaveLength(1);
    expect(heard.filter(([channel, , parent]) => channel !== 'iopub' && parent['msg_id'] === asked)).toEqual([]);
    expect(await ran()).toBe(1);
  });
});

describe('I3: the id and the session of another’s request', () => {
  test('end nothing and show nothing below its cell, in a stock client', async () => {
    const go = join(live.environment.folder, 'go');
    const code = `console.log('begun');
const { existsSync } = await import('node:fs');
while (!existsSync(${JSON.stringify(go)})) await new Promise((done) => setTimeout(done, 10));
console.log('ended')`;
    const file = await live.file('alice-stock', connectionOf('alice'));
    const stock = runPython('executing_client.py', live.environment, { file, code, last: 'the last line' });
    const stolen: { id: string; session: string } = JSON.parse(await stock.nextLine());
    const seen = await owner.find(
      ({
        message: {
          header: { msg_type: type },
          content,
        },
      }) => type === 'stream' && textOf(content['text']) === 'begun\n',
      'what alice runs',
    );
    // What she really sent, and what others are shown of it.
    const names = [
      stolen,
      { id: seen.message.parent_header.msg_id ?? '', session: textOf(seen.message.parent_header.session) },
    ];
    const forged = (msgType: string, content: JsonObject): RawMessage[] =>
      names.map(({ id, session }) => ({
        channel: 'shell',
        header: header(msgType, { msg_id: id, session }),
        content: JSON.stringify(content),
      }));
    await raw('eve', forged('kernel_info_request', {}));
    await raw('eve', forged('execute_request', { code: '1' }));
    await raw('bob', forged('execute_request', { code: "console.log('forged')" }), {}, async () => {
      await writeFile(go, '');
      expect(JSON.parse(await stock.nextLine())).toEqual({
        status: 'ok',
        texts: ['begun\n', 'ended\n'],
        states: expect.not.arrayContaining(['starting']),
      });
      await owner.ask('execute_request', { code: "console.log('the last line')" });
    });
    expect(JSON.parse(await stock.nextLine())).toEqual([]);
    await stock.end();
    const shown = owner.heard.map(({ message }) => message.parent_header);
    expect(shown.filter(({ msg_id: id, session }) => id === stolen.id || session === stolen.session)).toEqual([]);
  });
});

describe('I4: an input_reply', () => {
  test('is taken only from the client that was asked: not from its neighbour, an observer, or its owner’s other client', async () => {
    const [bob, eve] = [await live.connect(connectionOf('bob')), await live.connect(connectionOf('eve'))];
    const asked = await alice.execute("'got ' + await input('who? ')", { allow_stdin: true });
    await alice.find(
      ({ channel, message }) => channel === 'stdin' && message.parent_header.msg_id === asked,
      'the question',
    );
    for (const client of [bob, eve, owner]) {
      await client.send('input_reply', { value: 'wrong' }, { channel: 'stdin' });
      await client.ask('kernel_info_request');
    }
    expect(alice.said(asked)).not.toContain('idle');
    await alice.send('input_reply', { value: 'right' }, { channel: 'stdin' });
    await alice.answer(asked);
    expect(alice.published(asked).map(plainText)).toContain("'got right'");
    await eventually(
      () =>
        events.find(
          ({ identity, type, rule }) => identity === 'bob' && type === 'input_reply' && rule === 'not asked for',
        ),
      'the refusal is told',
    );
    await bob.close();
    await eve.close();
  });
});

describe('replayed frames', () => {
  test('run once, by whichever client they are replayed', async () => {
    await raw('bob', [{ channel: 'shell', header: header('execute_request'), content: COUNT, times: 5 }]);
    expect(await ran()).toBe(1);
    await eventually(
      () => events.find(({ identity, rule }) => identity === 'bob' && rule?.startsWith('message-')),
      'the rejection is told',
    );
  });

  test('of another client, signed with its key, are nothing on one’s own connection', async () => {
    const key = connectionOf('alice').key.exposeText();
    const message = { channel: 'shell', header: header('execute_request'), content: COUNT, key };
    const heard = await raw('bob', [message, { ...message, channel: 'control' }]);
    expect(await ran()).toBe(0);
    expect(heard.filter(([, , parent]) => parent['msg_type'] === 'execute_request')).toEqual([]);
  });
});

describe('duplicate JSON keys, odd types and wrong places', () => {
  test('an observer gets nothing run by them', async () => {
    const types = [
      'execute_request',
      'EXECUTE_REQUEST',
      'Execute_request',
      'execute_request\u0000',
      ' execute_request',
    ];
    const headers = [
      ...types.map((type) => header(type)),
      doubled('msg_type', 'kernel_info_request', 'execute_request'),
      doubled('msg_type', 'execute_request', 'kernel_info_request'),
      header('kernel_info_request').replace('"msg_type"', '"msg_type":"execute_request","msg_type"'),
      header('execute_request').replace('"msg_type"', '"msg_type":"kernel_info_request","msg_type"'),
      header('execute_request', { subshell_id: 'x' }),
      header('execute_request').replace('"username":"alice"', '"username":["owner"]'),
    ];
    const messages = ['shell', 'control', 'stdin', 'hb'].flatMap((channel) =>
      headers.map((one) => ({ channel, header: one, content: COUNT })),
    );
    await raw('eve', messages);
    expect(await ran()).toBe(0);
  });

  test('nor by what is sent on the socket that only publishes', async () => {
    const message = { channel: 'iopub', header: header('execute_request'), content: COUNT };
    const heard = await raw('bob', [message], { xsub: true });
    expect(await ran()).toBe(0);
    expect(heard.some(([channel]) => channel === 'iopub')).toBe(true);
  });

  test('a header in which the user name stands twice is no header, also from who may execute', async () => {
    const id = randomUUID();
    const twice = header('execute_request', { msg_id: id }).replace('"username"', '"username":"owner","username"');
    await raw('bob', [{ channel: 'shell', header: twice, content: COUNT }]);
    expect(await ran()).toBe(0);
    expect(owner.published(id)).toEqual([]);
  });
});

describe('A3, I4: a subscription to everything', () => {
  test('brings no reply to another, and nothing that one may not see', async () => {
    const heard = await raw('dora', [], {}, async () => {
      await alice.ask('execute_request', { code: "console.log('for those who may')" });
      await alice.ask('history_request', { hist_access_type: 'tail', n: 3 });
      await owner.ask('execute_request', { code: '1' });
      await live.access.clients();
    });
    const types = new Set(heard.map(([channel, { msg_type: type }, parent]) => seenAs(channel, type, parent)));
    expect([...types].filter((one) => !one.endsWith('own')).toSorted()).toEqual([
      'iopub iopub_welcome of nobody',
      'iopub status of alice',
      'iopub status of owner',
    ]);
  });

  test('to nothing that one may see is refused, and told to admins; the rest of it goes on', async () => {
    const heard = await raw('dora', [], { topics: ['execute_input', 'status'] }, () =>
      alice.ask('execute_request', { code: '1' }),
    );
    const refused = await eventually(() => {
      const found = events.filter(
        ({ event, identity, channel }) => [event, identity, channel].join() === 'deny,dora,iopub',
      );
      return found.length > 0 ? found : undefined;
    }, 'the refusal is told');
    expect(refused.map(({ type }) => type)).toEqual(['execute_input']);
    expect(new Set(heard.filter(([channel]) => channel === 'iopub').map(([, { msg_type: type }]) => type))).toEqual(
      new Set(['iopub_welcome', 'status']),
    );
  });
});

function seenAs(channel: string, type: Json | undefined, { username }: JsonObject): string {
  return `${channel} ${textOf(type)} of ${username === 'dora' ? 'own' : textOf(username) || 'nobody'}`;
}
