/**
 * Every role of the policy in force sends every message on every channel of a live listener, and what it sees is looked at. What is right
 * says an oracle that shares no code with what is tested.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import type { RequestChannel } from '#src/protocol/message.js';
import { eventually } from '../../support/eventually.js';
import { textOf, plainText, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startLiveKernel, type LiveKernel } from '../../support/kernel/live-kernel.js';
import {
  CHANNELS,
  LETTERS,
  POLICY,
  PROBES,
  ROLES,
  rowOf,
  RUNNERS,
  SEEN,
  SHOWING,
  SHOWN,
  type Letter,
  type Probe,
} from '../../support/role-table.js';
import { createOracle } from '../../support/role-oracle.js';
import { runPython } from '../../support/run-python.js';

const ORACLE = createOracle(POLICY);
const maySend = (letter: Letter, channel: RequestChannel, { msgType, facts, disguised }: Probe): boolean =>
  !disguised && ORACLE.maySend(ROLES[letter], channel, msgType, facts);
const rowsFor = (letter: Letter, own: boolean): string[] =>
  Object.entries(SHOWN)
    .filter(([, { msgType, facts }]) => ORACLE.maySee(ROLES[letter], msgType, { ...facts, own }))
    .map(([row]) => row);
/** What ends the kernel when it is allowed, and has tests of its own. */
const ends = (letter: Letter, { msgType }: Probe, channel: string): boolean =>
  msgType === 'shutdown_request' && channel !== 'stdin' && 'OA'.includes(letter);

let live: LiveKernel;
let owner: KernelClient;
const clients = new Map<Letter, KernelClient>();
const denied = new Set<string>();
/** `letter channel probe` → whether it was permitted. */
const sent = new Map<string, boolean>();
/** `letter` → rows that were seen, of the owner's cells and of its own. */
const seen = new Map<string, { ofOthers: Set<string>; own: Set<string> }>();
interface Stock {
  readonly sent: Readonly<Record<string, string | null>>;
  readonly seen: readonly (readonly [string, string, string])[];
}
let stock: Readonly<Record<string, Stock>>;

beforeAll(async () => {
  live = await startLiveKernel({ data: { 'access_policy.yaml': POLICY } });
  owner = await live.connect();
  // All of them subscribe as observers: what they may not see they do not see although they had subscribed when they might.
  for (const letter of LETTERS) clients.set(letter, await live.connect(await live.grant(nameOf(letter), ['observer'])));
  let told = false;
  await live.access.watch((event) => (event.event === 'topic' ? (told = true) : noteDenied(event)));
  for (const letter of LETTERS) await live.access.setRoles(nameOf(letter), [ROLES[letter]]);
  await lookOn();
  const judge = [];
  for (const [letter, client] of clients) judge.push(await sendAll(letter, client));
  // Events come in their order: when this one is here, those of all refusals are.
  await live.access.setTopic('mark', 'public');
  await eventually(() => told, 'the mark');
  for (const each of judge) await each();
  stock = await runStock();
}, 120_000);

afterAll(async () => live[Symbol.asyncDispose]());

const nameOf = (letter: Letter): string => `${ROLES[letter]}-one`;
/** As types are told. */
const printable = (msgType: string): string => msgType.replaceAll(/[^\w.-]/g, '?');
const cell = (...parts: readonly string[]): string => parts.join(' / ');

function noteDenied({ event, identity = '', channel = '', type = '', rule }: AccessEvent): void {
  if (event === 'deny' && rule !== 'not asked for') denied.add(cell(identity, channel, type));
}

async function showAll(client: KernelClient): Promise<string[]> {
  const ids = [];
  for (const code of SHOWING) ids.push(await client.execute(code, { stop_on_error: false }));
  for (const id of ids) await client.reply(id);
  return ids;
}

/** What each role sees of the owner's cells, of another's, and of its own. */
async function lookOn(): Promise<void> {
  const shown = new Map<string, readonly string[]>();
  shown.set('owner', await showAll(owner));
  for (const [letter, client] of clients) if (RUNNERS.includes(letter)) shown.set(letter, await showAll(client));
  // Whoever has become an observer and sees this has been sent all that it is ever going to be sent of the above.
  for (const letter of LETTERS) await live.access.setRoles(nameOf(letter), ['observer']);
  const last = await owner.execute('0');
  for (const [letter, client] of clients) {
    await client.idle(last);
    const rows = (ids: readonly string[] = []): Set<string> =>
      new Set(
        ids
          .flatMap((id) => client.published(id))
          .map((one) => rowOf(one.header.msg_type, plainText(one), textOf(one.content['comm_id']))),
      );
    seen.set(letter, { ofOthers: rows(shown.get('owner')), own: rows(shown.get(letter)) });
  }
  for (const letter of LETTERS) await live.access.setRoles(nameOf(letter), [ROLES[letter]]);
}

/** Returns how to find out what became of it, when refusals have been told. */
async function sendAll(letter: Letter, client: KernelClient): Promise<() => Promise<void>> {
  // The comms of targets that the table names are open, whatever happened to them before.
  await owner.ask('execute_request', { code: SHOWING[0] ?? '' });
  const ids = new Map<string, { readonly id: string; readonly probe: Probe; readonly channel: string }>();
  for (const channel of CHANNELS) {
    for (const probe of PROBES) {
      if (ends(letter, probe, channel)) continue;
      const { msgType, content } = probe;
      if (msgType === 'interrupt_request') await untilNothingRuns(client, channel);
      const id = await client.send(msgType, content, { channel });
      if (msgType === 'execute_request') await client.reply(id);
      ids.set(cell(letter, channel, probe.name), { id, probe, channel });
    }
    await untilNothingRuns(client, channel);
  }
  return async () => {
    for (const [key, { id, probe, channel }] of ids) {
      if (probe.msgType.endsWith('_request') && /^[a-z_]+$/.test(probe.msgType)) {
        const { content } = await client.reply(id);
        sent.set(key, content['ename'] !== 'NotPermitted');
      } else {
        sent.set(key, !denied.has(cell(nameOf(letter), channel, printable(probe.msgType))) || wasDone(id));
      }
    }
  };
}

/** Who has nothing running may interrupt nothing, and comm messages are run as cells are. */
async function untilNothingRuns(client: KernelClient, channel: RequestChannel): Promise<void> {
  // What was sent before it on this channel has been looked at when this is answered, whatever the answer is.
  await client.reply(await client.send('kernel_info_request', {}, { channel }));
  // Jobs wait in one queue.
  await owner.ask('execute_request', { code: '0' });
}

/** What a kernel works on, everybody may know of. */
const wasDone = (id: string): boolean => owner.published(id).length > 0;

async function runStock(): Promise<typeof stock> {
  const files: Record<string, string> = {};
  for (const letter of LETTERS) {
    files[letter] = await live.file(`stock-${letter}`, await live.grant(`stock-${letter}`, [ROLES[letter]]));
  }
  const probes = LETTERS.map((letter) => [
    letter,
    CHANNELS.flatMap((channel) =>
      PROBES.filter((probe) => /^[a-z_]+_request$/.test(probe.msgType) && !ends(letter, probe, channel)).map(
        ({ name, msgType, content }) => ({ key: cell(letter, channel, name), channel, msgType, content }),
      ),
    ),
  ]);
  const python = runPython('stock_matrix.py', live.environment, {
    files,
    probes: Object.fromEntries(probes),
  });
  await python.nextLine();
  for (const code of SHOWING) await owner.ask('execute_request', { code, stop_on_error: false });
  await owner.ask('execute_request', { code: "console.log('the last line')" });
  python.say('said');
  const found: typeof stock = JSON.parse(await python.nextLine());
  await python.end();
  return found;
}

describe('the oracle', () => {
  test('knows the roles of the policy that is in force, and each of them is tried', async () => {
    const roles = (await live.access.reloadPolicy()).toSorted();
    expect(ORACLE.roles.toSorted()).toEqual(roles);
    expect(Object.values<string>(ROLES).toSorted()).toEqual(roles);
    const runners = LETTERS.filter((letter) => ORACLE.maySend(ROLES[letter], 'shell', 'execute_request'));
    expect(runners.join('')).toBe(RUNNERS);
  });

  test('says of what is sent what was written down by hand', () => {
    for (const { name, may, ...probe } of PROBES) {
      for (const channel of may ? CHANNELS : []) {
        const letters = LETTERS.filter((letter) => maySend(letter, channel, { name, may, ...probe }));
        expect([name, channel, letters.join('')]).toEqual([name, channel, may?.[channel]]);
      }
    }
  });

  test('says of what is seen what was written down by hand', () => {
    for (const [row, written] of Object.entries(SEEN)) {
      const letters = (own: boolean): string[] => LETTERS.filter((letter) => rowsFor(letter, own).includes(row));
      const own = letters(true).filter((letter) => RUNNERS.includes(letter));
      expect([row, letters(false).join(''), own.join('')]).toEqual([row, written.ofOthers, written.own]);
    }
  });
});

describe('A1, A4: what each role may send', () => {
  describe.each(LETTERS)('%s', (letter) => {
    test.each(CHANNELS)(`the ${ROLES[letter]} on %s, with our client`, (channel) => {
      const probes = PROBES.filter((probe) => !ends(letter, probe, channel));
      const found = probes.filter(({ name }) => sent.get(cell(letter, channel, name)));
      expect(found.map(({ name }) => name)).toEqual(
        probes.filter((probe) => maySend(letter, channel, probe)).map(({ name }) => name),
      );
      expect(probes.every(({ name }) => sent.has(cell(letter, channel, name)))).toBe(true);
    });
  });

  test('a refusal is told to admins who watch, cell by cell', async () => {
    const refused = LETTERS.flatMap((letter) =>
      CHANNELS.flatMap((channel) =>
        PROBES.filter((probe) => !maySend(letter, channel, probe)).map(({ msgType }) =>
          cell(nameOf(letter), channel, printable(msgType)),
        ),
      ),
    );
    expect(refused.filter((one) => !denied.has(one))).toEqual([]);
  });
});

describe('A2: what each role sees', () => {
  test.each(LETTERS)('%s', (letter) => {
    const { ofOthers, own } = seen.get(letter) ?? {};
    expect([...(ofOthers ?? [])].toSorted()).toEqual(rowsFor(letter, false).toSorted());
    expect([...(own ?? [])].toSorted()).toEqual(RUNNERS.includes(letter) ? rowsFor(letter, true).toSorted() : []);
  });
});

describe('the same with stock jupyter_client', () => {
  test.each(LETTERS)('A1, A11: every request of %s is answered, as the table says', (letter) => {
    const answers = stock[letter]?.sent ?? {};
    for (const channel of CHANNELS) {
      const probes = PROBES.filter(({ name }) => Object.hasOwn(answers, cell(letter, channel, name)));
      expect(probes.length).toBeGreaterThan(20);
      const refused = probes.filter(({ name }) => answers[cell(letter, channel, name)] === 'NotPermitted');
      expect(refused.map(({ name }) => name)).toEqual(
        probes.filter((probe) => !maySend(letter, channel, probe)).map(({ name }) => name),
      );
      expect(probes.filter(({ name }) => answers[cell(letter, channel, name)] === null)).toEqual([]);
    }
  });

  test.each(LETTERS)('A2: %s sees what the table says', (letter) => {
    const rows = new Set((stock[letter]?.seen ?? []).map(([type, text, commId]) => rowOf(type, text, commId)));
    expect([...rows].toSorted()).toEqual(rowsFor(letter, false).toSorted());
  });
});

const interruptBy = async (client: KernelClient, channel: 'control' | 'shell'): Promise<unknown> => {
  const id = await client.send('interrupt_request', {}, { channel });
  return (await client.reply(id)).content['ename'] ?? 'done';
};

describe('what runs belongs to who asked for it', () => {
  const spin = "console.log('spinning'); await new Promise(() => {})";
  const spinning = async (client: KernelClient): Promise<string> => {
    const id = await client.execute(spin);
    await eventually(() => client.said(id).includes('stream'), 'the cell runs');
    return id;
  };
  test('A1: an executor interrupts its own cell, and nobody else does but admins', async () => {
    const [executor, admin, loner] = [clients.get('E'), clients.get('A'), clients.get('L')];
    if (!executor || !admin || !loner) throw new Error('not connected');
    const id = await spinning(executor);
    expect(await interruptBy(loner, 'control')).toBe('NotPermitted');
    expect(await interruptBy(loner, 'shell')).toBe('NotPermitted');
    expect(await interruptBy(executor, 'control')).toBe('done');
    expect((await executor.reply(id)).content).toMatchObject({ status: 'error' });

    const others = await spinning(loner);
    expect(await interruptBy(executor, 'control')).toBe('NotPermitted');
    expect(await interruptBy(executor, 'shell')).toBe('NotPermitted');
    expect(await interruptBy(admin, 'control')).toBe('done');
    expect((await loner.reply(others)).content).toMatchObject({ status: 'error' });
  });
});

test.each([
  ['owner', 'shell'],
  ['owner', 'control'],
  ['admin', 'shell'],
  ['admin', 'control'],
] as const)('A1: the %s may end the kernel on %s, and everybody hears of it', async (role, channel) => {
  await using other = await startLiveKernel({ autoRestart: { limit: 0 } });
  const observer = await other.connect(await other.grant('watching', ['observer']));
  const client = await other.connect(await other.grant('ending', [role]));
  const id = await client.send('shutdown_request', { restart: false }, { channel });
  expect((await client.reply(id)).content).toMatchObject({ status: 'ok' });
  await observer.find(({ message }) => message.header.msg_type === 'shutdown_reply', 'the end');
});
