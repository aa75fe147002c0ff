/** Access control holds for a kernel that knows nothing of it: what it cannot keep apart does not reach it, or does not come back. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import { eventually, pause } from '../../support/eventually.js';
import { plainText, textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startLiveKernel, type LiveKernel } from '../../support/kernel/live-kernel.js';

const policy = `
roles:
  own: { send: ['shell.*', stdin.input_reply, control.interrupt_request own], see: ['iopub.* own'] }
`;

let live: LiveKernel;
let owner: KernelClient;
let alice: KernelClient;
let bob: KernelClient;
const admit = async (name: string, roles: readonly string[] = ['executor']): Promise<KernelClient> =>
  live.connect(await live.grant(name, roles), { username: name });
beforeAll(async () => {
  live = await startLiveKernel({ wrap: 'python3', secretBy: 'environment', data: { 'access_policy.yaml': policy } });
  owner = await live.connect();
  alice = await admit('alice');
  bob = await admit('bob');
});
afterAll(async () => live[Symbol.asyncDispose]());
afterEach(() => {
  for (const client of [owner, alice, bob]) client.heard.length = 0;
});

/** The value of an expression. */
async function valueOf(code: string, client = owner): Promise<string> {
  const id = await client.execute(code);
  await client.answer(id);
  return client.published(id).map(plainText).join('');
}

async function running(client: KernelClient, code: string): Promise<string> {
  const id = await client.execute(`print("on")\n${code}`);
  await eventually(() => client.said(id).includes('stream'), 'the cell runs');
  return id;
}

describe('a client that is revoked', () => {
  test('has no cell begun that waited', async () => {
    const eve = await admit('eve');
    const slow = await running(alice, 'import time\ntime.sleep(2)');
    await eve.execute('evil = 1');
    await eve.execute('evil = 2');
    await live.access.revoke({ name: 'eve' });
    await alice.answer(slow);
    expect(await valueOf('"evil" in globals()')).toBe('False');
  });

  test('has its running cell interrupted, and nobody else', async () => {
    const eve = await admit('eve');
    await running(eve, 'import time\nfor i in range(600): time.sleep(.1); slept = i');
    const next = await alice.execute('"alice ran"');
    await live.access.revoke({ name: 'eve' });
    expect(await alice.answer(next)).toMatchObject({ status: 'ok' });
    expect(Number(await valueOf('slept'))).toBeLessThan(599);
  });

  test('has a cell interrupted that it sent in the moment before', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const name = `eve-${turn}`;
      const eve = await admit(name);
      await eve.execute(`import time\nfor i in range(600): time.sleep(.1)\nfinished = ${turn}`);
      await pause(turn * 3);
      await live.access.revoke({ name });
    }
    const id = await owner.execute('"finished" in globals()');
    expect(await owner.answer(id)).toMatchObject({ status: 'ok' });
    expect(owner.published(id).map(plainText)).toContain('False');
  });
});

describe('the code of others', () => {
  test('is not in the history of who is not shown it', async () => {
    await valueOf('"a secret of alice"', alice);
    const carl = await admit('carl', ['own']);
    const ask = { hist_access_type: 'range', session: 0, start: 0, stop: 100, output: false, raw: true };
    const tail = { hist_access_type: 'tail', n: 100, output: true, raw: true };
    for (const content of [ask, tail]) {
      expect(await carl.ask('history_request', content)).toEqual({ status: 'ok', history: [] });
    }
    const { history } = await bob.ask('history_request', ask);
    expect(JSON.stringify(history)).toContain('a secret of alice');
  });

  test('may not be interrupted by who may interrupt their own', async () => {
    const carl = await admit('carla', ['own']);
    const id = await running(alice, 'import time\ntime.sleep(1)');
    expect(await carl.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ status: 'error' });
    expect(await alice.answer(id)).toMatchObject({ status: 'ok' });
    const own = await running(carl, 'import time\ntime.sleep(60)');
    expect(await carl.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
    expect(await carl.answer(own)).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  test('shows no output to who sees only their own', async () => {
    const carl = await admit('carol', ['own']);
    await valueOf('"for alice alone"', alice);
    await valueOf('"for carol"', carl);
    const seen = JSON.stringify(carl.heard.map(({ message }) => message.content));
    expect(seen).toContain('for carol');
    expect(seen).not.toContain('for alice alone');
  });

  test('is not stopped by the failure of a cell', async () => {
    const slow = await running(owner, 'import time\ntime.sleep(1)');
    const failing = await alice.execute('1 / 0');
    const behind = await alice.execute('"behind"');
    const other = await bob.execute('"of bob"');
    await owner.answer(slow);
    expect(await alice.answer(failing)).toMatchObject({ status: 'error' });
    expect(await alice.answer(behind)).toMatchObject({ status: 'aborted' });
    expect(await bob.answer(other)).toMatchObject({ status: 'ok' });
  });
});

describe('an observer', () => {
  test('runs nothing', async () => {
    const observer = await admit('olga', ['observer']);
    expect(await observer.ask('execute_request', { code: 'evil = 3' })).toMatchObject({ status: 'error' });
    expect(await valueOf('"evil" in globals()')).toBe('False');
  });
});

describe('a question', () => {
  test('takes no answer of another client', async () => {
    const id = await alice.execute('input("password? ")', { allow_stdin: true });
    const { message: asked } = await alice.find(({ channel }) => channel === 'stdin', 'the question');
    await bob.send('input_reply', { status: 'ok', value: 'evil' }, { channel: 'stdin' });
    await bob.send('input_reply', { status: 'ok', value: 'evil' }, { channel: 'stdin', parent: asked.header });
    await owner.send('input_reply', { status: 'ok', value: 'evil' }, { channel: 'stdin', parent: asked.header });
    await bob.ask('kernel_info_request', {}, { channel: 'control' });
    await owner.ask('kernel_info_request', {}, { channel: 'control' });
    expect(bob.heard.filter(({ channel }) => channel === 'stdin')).toEqual([]);
    await alice.send('input_reply', { status: 'ok', value: 'good' }, { channel: 'stdin' });
    await alice.answer(id);
    expect(alice.published(id).map(plainText)).toContain("'good'");
  });
});

const HEADER = {
  msg_id: 'same',
  msg_type: 'execute_request',
  username: 'x',
  date: '2026-01-01T00:00:00Z',
  version: '5.4',
};

const sendSame = async (client: KernelClient, code: string, session: string): Promise<void> =>
  client.dialer.send('shell', {
    header: { ...HEADER, session },
    parent_header: {},
    metadata: {},
    content: { code },
    buffers: [],
  });

/** The results of the request with that id. */
async function sameResults(client: KernelClient): Promise<string[]> {
  await client.answer('same');
  await client.idle('same');
  return client.heard
    .filter(({ message }) => message.parent_header.msg_id === 'same')
    .map(({ message }) => plainText(message))
    .filter((text) => text !== '');
}

describe('ids', () => {
  test('that two clients choose alike lead each to its own', async () => {
    await sendSame(alice, '"of alice"', 's1');
    await sendSame(bob, '"of bob"', 's2');
    expect(await sameResults(alice)).toEqual(["'of alice'"]);
    expect(await sameResults(bob)).toEqual(["'of bob'"]);
  });

  test('reach code in the kernel as they were chosen, for widgets that capture output by them', async () => {
    const id = await alice.execute('get_ipython().kernel.get_parent()["header"]["msg_id"]');
    await alice.answer(id);
    expect(alice.published(id).map(plainText)).toContain(`'${id}'`);
  });
});

describe('the kernel behind', () => {
  test('knows no secret of the connection outside', async () => {
    const { curve, key } = live.kernel.connection;
    const secrets = [key.exposeText(), curve?.secretKey === undefined ? 'none' : exposeZ85(curve.secretKey)];
    expect(secrets).not.toContain('none');
    const pid = await valueOf('import os; os.getpid()');
    const relay = await valueOf('import os; os.getppid()');
    const [environment, argv] = [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`];
    const file = textOf((await readFile(argv, 'utf8')).split('\0').find((one) => one.endsWith('kernel.json')));
    const place = join(file, '..');
    const texts = [environment, argv, file, `/proc/${relay}/environ`, `/proc/${relay}/cmdline`];
    const read = await Promise.all(texts.map(async (one) => [one, await readFile(one, 'latin1')] as const));
    for (const secret of secrets)
      expect(read.filter(([, text]) => text.includes(secret)).map(([one]) => one)).toEqual([]);
    expect((await readdir(place)).filter((name) => name.endsWith('.json'))).toEqual(['kernel.json']);
    const info = JSON.parse(await readFile(file, 'utf8'));
    expect(info).toMatchObject({ transport: 'ipc' });
    expect(info.key).not.toBe(key.exposeText());
    expect(await valueOf(`import os, stat; oct(os.stat(${JSON.stringify(place)}).st_mode & 0o777)`)).toBe("'0o700'");
    expect(await valueOf(`import os, stat; oct(os.stat(${JSON.stringify(file)}).st_mode & 0o777)`)).toBe("'0o600'");
  });

  test('shows by %connect_info nothing that leads to the kernel from outside', async () => {
    const id = await alice.execute('%connect_info');
    await alice.answer(id);
    const shown = alice
      .published(id)
      .map(({ content }) => textOf(content['text']))
      .join('');
    expect(shown).toContain('"transport": "ipc"');
    const { curve, key, ports } = live.kernel.connection;
    const outside = [
      key.exposeText(),
      curve?.publicKey ?? 'none',
      curve?.secretKey && exposeZ85(curve.secretKey),
      String(ports.shell),
    ];
    expect(outside.filter((one) => one !== undefined && shown.includes(one))).toEqual([]);
  });
});
