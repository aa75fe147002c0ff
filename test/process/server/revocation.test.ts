/** Taking a right back cuts at once, whoever it was taken from by whichever means, and nobody else notices. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { generateCurvePair, type CurvePair } from '#src/keys/curve-pair.js';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import type { Message } from '#src/protocol/message.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { eventually } from '../../support/eventually.js';
import { childOf, plainText, textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { faults, follow, openPorts, STREAM, type Follower } from '../../support/kernel/follower.js';
import { startLiveKernel, type LiveKernel } from '../../support/kernel/live-kernel.js';

const policy = (see: string): string => `
reauth: 1s
roles:
  reader: { send: ['*.kernel_info_request', shell.execute_request], see: [${see}] }
`;

let live: LiveKernel;
/** Keeps what it hears, so it joins when the streams are over. */
let owner: KernelClient;
const events: AccessEvent[] = [];
beforeAll(async () => {
  live = await startLiveKernel({ data: { 'access_policy.yaml': policy("'iopub.*'") } });
  await live.access.watch((event) => events.push(event));
});
afterAll(async () => live[Symbol.asyncDispose]());

/** The value of an expression in the kernel. */
async function valueOf(code: string): Promise<string> {
  const id = await owner.execute(code);
  await owner.idle(id);
  const shown = owner.published(id).find((one) => one.header.msg_type === 'execute_result');
  return shown === undefined ? 'nothing' : plainText(shown);
}

async function reconnects(connection: ConnectionInfo, pair?: CurvePair): Promise<string> {
  try {
    const dialer = await openDialer({
      connection,
      routingId: randomUUID(),
      onMessage: () => undefined,
      timeout: 600,
      ...(pair === undefined ? {} : { client: pair }),
    });
    await dialer.close();
    return 'admitted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** Of authorized_clients. */
const line = (name: string, { publicKey }: CurvePair): string => `${name} ${publicKey} observer\n`;

const REFUSED = /^peer-(silent|refused|wrong-key)$/;

const running = async (client: KernelClient, code: string): Promise<string> => {
  const id = await client.execute(`console.log('running'); ${code}`);
  await eventually(() => client.said(id).includes('stream'), 'the cell runs');
  return id;
};

/** A client that has lost its connection knows it before the last of five sockets is closed. */
const untilClosed = (connection: ConnectionInfo): Promise<true> =>
  eventually(async () => (await openPorts(connection)).length === 0, 'all sockets are closed');

const isEndOfTemp = ({ event, identity }: AccessEvent): boolean => event === 'revoke' && identity === 'temp';

/** Resolves when a follower has worked off what it was sent, and hears nothing more: to how many numbers it has heard. */
async function silence({ numbers }: Follower): Promise<number> {
  const look = async (): Promise<number | undefined> => {
    const { length } = numbers;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return numbers.length === length ? length : undefined;
  };
  return eventually(look, 'silence');
}

/** What a cell waits for, doing something every few milliseconds, until it is opened. */
function gateFile(): { wait: (meanwhile?: string) => string; open: () => Promise<void> } {
  const file = join(live.environment.folder, randomUUID());
  return {
    wait: (meanwhile = '') =>
      `while (!(await import('node:fs')).existsSync(${JSON.stringify(file)})) {
        ${meanwhile} await new Promise((done) => setTimeout(done, 5));
      }`,
    open: () => writeFile(file, ''),
  };
}

/** A stream of 1,000 messages a second that the owner makes and others follow, for the time of `use`. */
async function onStream(use: (followers: readonly Follower[]) => Promise<void>): Promise<void> {
  // What it shows itself it does not look at.
  const streaming = await follow(await live.grant('streamer', ['executor']), { topics: [] });
  const followers = [
    await follow(await live.grant('alice', ['observer'])),
    await follow(await live.grant('carol', ['executor'])),
  ];
  try {
    await streaming.execute(STREAM);
    for (const one of followers) await one.more();
    await use(followers);
    for (const one of followers) {
      await one.more();
      expect(faults(one.numbers)).toBe(0);
    }
  } finally {
    for (const one of followers) await one.close();
    // It is in the middle of a cell that nobody else can end in words.
    for (const name of ['streamer', 'alice', 'carol']) await live.access.revoke({ name });
    await streaming.close();
  }
}

/** Follows by a grant that ends then, or later where that was too soon to follow by it. */
async function followUntil(end: number): Promise<{ readonly connection: ConnectionInfo; readonly temp: Follower }> {
  const expiresIn = end - Date.now();
  const connection = await live.grant('temp', ['observer'], { expiresIn });
  const temp = await follow(connection).catch(() => undefined);
  if (temp === undefined) {
    await eventually(() => events.find(isEndOfTemp), 'the end of that grant is told');
    events.length = 0;
    return followUntil(Date.now() + 4 * expiresIn);
  }
  await temp.more();
  return { connection, temp };
}

/** Behind a relay each kernel is two, and a stream takes twice the time. */
const TURNS = process.env['JUPYTER_CURVE_TEST_RELAYED'] === undefined ? 200 : 20;

describe('L1: revoked on a stream of 1,000 messages a second', () => {
  test('nothing after the revocation, and no gap for other clients, many times', async () => {
    await onStream(async (others) => {
      // What the owner hears in one sequence: the numbers, and where among them a grant was revoked.
      let last = -1;
      const revokedAt = new Map<string, number>();
      const listening = await live.connect();
      await listening.send('curve_watch_request', { watch: true }, { channel: 'control' });
      await listening.close();
      const ownerSees = await follow(live.kernel.connection, {
        onMessage(message: Message) {
          if (message.header.msg_type === 'display_data') last = Number(plainText(message));
          const { event, identity } = message.content;
          if (message.header.msg_type === 'curve_event' && event === 'revoke') revokedAt.set(textOf(identity), last);
        },
      });
      const cut: { readonly name: string; readonly bob: Follower }[] = [];
      const stillOpen: string[] = [];
      let first: ConnectionInfo | undefined;
      for (let turn = 0; turn < TURNS; turn += 1) {
        const name = `bob-${turn}`;
        const connection = await live.grant(name, [turn % 2 === 0 ? 'observer' : 'executor']);
        first ??= connection;
        const bob = await follow(connection);
        await bob.more();
        await live.access.revoke({ name });
        stillOpen.push(...(await openPorts(connection)));
        await bob.lost;
        cut.push({ name, bob });
        if (turn % 40 === 0) expect(await reconnects(connection)).toMatch(REFUSED);
        await bob.close();
      }
      await eventually(() => revokedAt.size === TURNS, 'all revocations are told');
      expect(stillOpen).toEqual([]);
      expect(cut.filter(({ bob }) => faults(bob.numbers) > 0).map(({ name }) => name)).toEqual([]);
      // A client may read what arrived before the revocation when its connection has ended.
      const late = cut.filter(({ name, bob }) => (bob.numbers.at(-1) ?? -1) > (revokedAt.get(name) ?? -1));
      expect(late.map(({ name }) => name)).toEqual([]);
      expect(first && (await reconnects(first))).toMatch(REFUSED);
      expect(faults(ownerSees.numbers)).toBe(0);
      await ownerSees.close();
      const shortest = Math.min(...others.map(({ numbers }) => numbers.length));
      expect(shortest).toBeGreaterThan(TURNS * 5);
    });
  }, 900_000);

  test('L6: the same for a grant whose time has come', async () => {
    await onStream(async () => {
      const { connection, temp } = await followUntil(Date.now() + 8_000);
      await temp.lost;
      await untilClosed(connection);
      expect(await reconnects(connection)).toMatch(REFUSED);
      expect(faults(temp.numbers)).toBe(0);
      await eventually(() => events.find(isEndOfTemp), 'the revocation is told');
      expect(events.filter(isEndOfTemp)).toHaveLength(1);
      await temp.close();
    });
  });

  test.each(['a line that is removed', 'a file that is removed'])(
    'L2, L3, A5: %s from authorized_clients',
    async (how) => {
      const pair = await generateCurvePair();
      const kept = await generateCurvePair();
      const file = join(live.environment.env['JUPYTER_DATA_DIR'] ?? '', 'authorized_clients');
      const connectionOf = async (name: string): Promise<ConnectionInfo> =>
        eventually(
          async () =>
            readConnectionFile(join(live.environment.runtime, `client-${name}-kernel-${live.kernel.id}.json`)).catch(
              () => undefined,
            ),
          `the file of ${name}`,
        );
      await live.writeData('authorized_clients', line('dan', pair) + line('fay', kept));
      await onStream(async () => {
        const connection = await connectionOf('dan');
        expect(connection.curve?.secretKey).toBeUndefined();
        const [dan, fay] = [
          await follow(connection, { pair }),
          await follow(await connectionOf('fay'), { pair: kept }),
        ];
        await dan.more();
        await fay.more();
        if (how.startsWith('a line')) await live.writeData('authorized_clients', line('fay', kept));
        else await rm(file);
        await dan.lost;
        await untilClosed(connection);
        expect(await reconnects(connection, pair)).toMatch(REFUSED);
        expect(faults(dan.numbers)).toBe(0);
        if (how.startsWith('a line')) {
          await fay.more();
          expect(faults(fay.numbers)).toBe(0);
        } else await fay.lost;
        await dan.close();
        await fay.close();
      });
      await rm(file, { force: true });
    },
  );

  test('A2, A5: a policy that is edited counts for live connections, in both directions', async () => {
    await onStream(async () => {
      const connection = await live.grant('rita', ['reader']);
      const rita = await follow(connection);
      await rita.more();
      await live.writeData('access_policy.yaml', policy('iopub.status'));
      const before = await silence(rita);
      expect(faults(rita.numbers)).toBe(0);
      await live.writeData('access_policy.yaml', policy("'iopub.*'"));
      await rita.more();
      expect(faults(rita.numbers.slice(before))).toBe(0);
      await rita.close();
      await live.access.revoke({ name: 'rita' });
    });
  });

  test('L3: a broken policy changes nothing for anybody, and raises an alarm', async () => {
    await onStream(async () => {
      const rita = await follow(await live.grant('rita', ['reader']));
      const known = events.length;
      await live.writeData('access_policy.yaml', 'roles: [');
      await eventually(() => events.slice(known).find(({ event }) => event === 'alarm'), 'the alarm');
      await rita.more();
      expect((await live.access.can('rita', 'shell.history_request')).allowed).toBe(false);
      expect((await live.access.can('rita', 'shell.execute_request')).allowed).toBe(true);
      await live.writeData('access_policy.yaml', policy("'iopub.*'"));
      await rita.close();
      await live.access.revoke({ name: 'rita' });
    });
  });
});

describe('what somebody asked for who is out', () => {
  beforeAll(async () => {
    owner = await live.connect();
  });

  test('L1: and has not begun never begins', async () => {
    const [bob, other] = [
      await live.connect(await live.grant('bob', ['executor'])),
      await live.connect(await live.grant('other', ['executor'])),
    ];
    await valueOf('globalThis.asked = []; 0');
    const hold = gateFile();
    const holding = await running(owner, hold.wait());
    for (let index = 0; index < 5; index += 1) {
      await bob.execute("globalThis.asked.push('bob')");
      await other.execute("globalThis.asked.push('other')");
    }
    await bob.ask('kernel_info_request');
    await other.ask('kernel_info_request');
    await live.access.revoke({ name: 'bob' });
    await hold.open();
    await owner.answer(holding);
    expect(await valueOf("globalThis.asked.join(' ')")).toBe("'other other other other other'");
    await live.access.revoke({ name: 'other' });
  });

  test.each(['await new Promise(() => {})', 'for (;;);', 'await input()'])(
    'L1: and runs is interrupted: %s',
    async (code) => {
      const bob = await live.connect(await live.grant('bob', ['executor']));
      const id = await bob.execute(`console.log('running'); ${code}`, { allow_stdin: true });
      await owner.find(({ message }) => childOf(message, id) && message.header.msg_type === 'stream', 'its start');
      await live.access.revoke({ name: 'bob' });
      await owner.idle(id);
      expect(owner.said(id)).toContain('error');
      expect(await valueOf("'next'")).toBe("'next'");
    },
  );

  test('L1: and runs may end, where that was said', async () => {
    const bob = await live.connect(await live.grant('bob', ['executor']));
    const id = await running(bob, "await new Promise((done) => setTimeout(done, 400)); globalThis.ended = 'whole'");
    await live.access.revoke({ name: 'bob', letFinish: true });
    await owner.idle(id);
    expect(await valueOf('globalThis.ended')).toBe("'whole'");
  });
});

describe('keys of one identity', () => {
  test('I8, I12: are revoked singly, and what is left gives what it gives', async () => {
    const first = await live.access.grant({ name: 'twin', roles: ['observer'] });
    const second = await live.access.grant({ name: 'twin', roles: ['executor'] });
    expect(first.grant.fingerprint).not.toBe(second.grant.fingerprint);
    const client = await live.connect(first.connection);
    expect(await client.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
    await live.access.revoke({ key: second.grant.fingerprint });
    expect(await reconnects(second.connection)).toMatch(REFUSED);
    const id = await client.execute('1');
    expect((await client.reply(id)).content).toMatchObject({ ename: 'NotPermitted' });
    await live.access.revoke({ name: 'twin' });
  });

  test('L4: change with an overlap, without loss of what a running cell shows', async () => {
    const old = await live.access.grant({ name: 'rob', roles: ['executor'] });
    const oldClient = await live.connect(old.connection);
    const before = await follow(old.connection);
    const enough = gateFile();
    const id = await running(oldClient, `let n = 0; ${enough.wait('display(n++);')} display(n);`);
    const { connection } = await live.access.rotate('rob', { overlap: 8_000 });
    const after = await follow(connection);
    await before.lost;
    expect(await reconnects(old.connection)).toMatch(REFUSED);
    await after.more();
    await enough.open();
    await owner.idle(id);
    const last = owner.published(id).filter(({ header }) => header.msg_type === 'display_data').length - 1;
    await eventually(() => after.numbers.at(-1) === last, 'the last number');
    expect(before.numbers[0]).toBe(0);
    expect(new Set([...before.numbers, ...after.numbers]).size).toBe(last + 1);
    expect(faults(before.numbers) + faults(after.numbers)).toBe(0);
    await before.close();
    await after.close();
    await live.access.revoke({ name: 'rob' });
  });
});
