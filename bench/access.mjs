/**
 * Cost of access: decisions, grants, revocations, and many clients. Everything is measured on kernel processes that startKernel starts, in
 * turn, so that a noisy machine affects all of them alike.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BUILT_IN_ROLES } from '#src/access/policy/role.js';
import { createDecider } from '#src/access/policy/decide.js';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { startKernel } from '#src/manager/lifecycle/start-kernel.js';
import { createMessage } from '#src/protocol/create-message.js';
import { openDialer } from '#src/transport/client/dialer.js';

const COUNTS = [1, 10, 50, 200];
const POLICY = `
roles:
  colleague: { send: ['shell.*', stdin.input_reply, 'control.interrupt_request own'], see: ['iopub.*'], comms: ['*'], groups: [team] }
private: [team, salaries]
`;

export const figures = {
  check: 'one decision, µs',
  trip: 'execute 1+1 to reply and idle, by a client that was let in, ms',
  grant: 'granting access, ms',
  revoke: 'revoking a grant in use, ms',
  memory: 'resident memory of the kernel process, MB',
  listeners: 'execute 1+1 to reply and idle, of one client, ms',
  onlookers: 'the same with all others subscribed, ms',
  large: 'processor time of 1 MB to 10 clients, ms',
};
const plural = (count) => (count === 1 ? '1 client' : `${count} clients`);
const [unshared, shared] = ['owner alone', 'policy, groups, audit'];
const [published, encrypted] = ['1 MB shown by a cell', 'ten signed and encrypted'];

export const accessGoals = [
  { what: 'µs to decide about one message, p95', atMost: 50, value: (of) => of(figures.check, 'all', 'p95') },
  {
    what: 'execute round trip, with policy, groups and audit over without',
    atMost: 1.03,
    value: (of) => of(figures.trip, shared) / of(figures.trip, unshared),
  },
  { what: 'ms to grant access', atMost: 20, value: (of) => of(figures.grant, 'all') },
  { what: 'ms to revoke a grant', atMost: 20, value: (of) => of(figures.revoke, 'all') },
  {
    what: 'MB more with 200 clients let in',
    atMost: 20,
    value: (of) => of(figures.memory, plural(200)) - of(figures.memory, plural(1)),
  },
  {
    what: 'execute round trip, 200 clients let in over one',
    atMost: 1.2,
    value: (of) => of(figures.listeners, plural(200)) / of(figures.listeners, plural(1)),
  },
  {
    what: '1 MB to 10 clients over ten encryptions',
    atMost: 1.3,
    value: (of) => of(figures.large, published) / of(figures.large, encrypted),
  },
];

/** @returns {Promise<Record<string, Record<string, number[]>>>} figure → variant → samples. */
export async function measureAccess(env, rounds) {
  const samples = {};
  const note = (figure, variant, ...values) => ((samples[figure] ??= {})[variant] ??= []).push(...values);
  note(figures.check, 'all', ...timeDecisions());
  await compareTrips(env, rounds, note);
  await letInAndOut(env, rounds, note);
  await growCrowd(env, rounds, note);
  await sendLarge(env, rounds, note);
  return samples;
}

/** The points of a curve: `figure` at each number of clients. */
export function curveOf(summaries, figure) {
  return COUNTS.map((count) => [count, summaries[figure][plural(count)].median]);
}

function timeDecisions() {
  const roles = { ...BUILT_IN_ROLES };
  roles.colleague = {
    name: 'colleague',
    send: ['shell.*', '!shell.history_request'],
    see: ['iopub.*'],
    comms: ['plot*'],
    groups: ['team'],
  };
  const decider = createDecider({
    roles: new Map(Object.entries(roles)),
    anonymous: 'deny',
    privateGroups: new Set(['team', 'salaries', 'comm:bank']),
  });
  const acts = [
    { kind: 'send', channel: 'shell', msgType: 'execute_request' },
    { kind: 'send', channel: 'control', msgType: 'interrupt_request', own: true },
    { kind: 'send', channel: 'shell', msgType: 'made_up_request' },
    { kind: 'send', channel: 'shell', msgType: 'comm_msg', commTarget: 'plot1' },
    { kind: 'see', msgType: 'stream', own: false, groups: [] },
    { kind: 'see', msgType: 'display_data', own: true, groups: ['team', 'public'] },
    { kind: 'see', msgType: 'display_data', own: false, groups: 'malformed' },
  ];
  const subjects = [['executor'], ['colleague', 'observer'], ['observer'], ['admin']].map((names) => ({
    name: 'ada',
    roles: names,
  }));
  const times = [];
  for (let turn = 0; turn < 20_000; turn += 1) {
    const [subject, act] = [subjects[turn % subjects.length], acts[turn % acts.length]];
    const begin = performance.now();
    decider.decide(subject, act);
    times.push((performance.now() - begin) * 1000);
  }
  return times.slice(2_000);
}

async function compareTrips(env, rounds, note) {
  const data = join(env.JUPYTER_DATA_DIR, 'shared');
  await mkdir(data, { recursive: true, mode: 0o700 });
  await writeFile(join(data, 'access_policy.yaml'), POLICY, { mode: 0o600 });
  const alone = await start(env);
  const governed = await start({ ...env, JUPYTER_DATA_DIR: data });
  const { connection } = await governed.access.grant({ name: 'ada', roles: ['colleague'] });
  await governed.access.setTopic('boardroom', 'private');
  // Neither has another client that listens.
  await alone.access.close();
  await governed.access.close();
  const clients = { [unshared]: await tripper(alone.kernel.connection), [shared]: await tripper(connection) };
  for (let turn = 0; turn < 100 + rounds * 60; turn += 1) {
    for (const [variant, client] of Object.entries(clients)) {
      const elapsed = await client.trip();
      if (turn >= 100) note(figures.trip, variant, elapsed);
    }
  }
  for (const one of [...Object.values(clients), alone, governed]) await one.close();
}

async function letInAndOut(env, rounds, note) {
  const one = await start(env);
  for (let turn = 0; turn < 5 + rounds * 3; turn += 1) {
    let begin = performance.now();
    const { connection } = await one.access.grant({ name: 'ada', roles: ['executor'] });
    const granted = performance.now() - begin;
    const client = await tripper(connection);
    await client.trip();
    begin = performance.now();
    await one.access.revoke({ name: 'ada' });
    const revoked = performance.now() - begin;
    await client.close();
    if (turn < 5) continue;
    note(figures.grant, 'all', granted);
    note(figures.revoke, 'all', revoked);
  }
  await one.close();
}

async function growCrowd(env, rounds, note) {
  const live = [];
  try {
    for (const count of COUNTS) {
      const one = { ...(await start(env)), count };
      live.push(one);
      one.connections = [];
      for (let index = 1; index < count; index += 1) {
        one.connections.push((await one.access.grant({ name: `ada-${index}`, roles: ['observer'] })).connection);
      }
      one.client = await tripper(one.kernel.connection);
    }
    const tripAll = async (figure) => {
      for (let turn = 0; turn < 50 + rounds * 20; turn += 1) {
        for (const { count, client } of live) {
          // Observers of one kernel must not read while the next is measured.
          await sleep(15);
          const elapsed = await client.trip();
          if (turn >= 50) note(figure, plural(count), elapsed);
        }
      }
    };
    await tripAll(figures.listeners);
    for (let turn = 0; turn < 5; turn += 1) {
      for (const { count, kernel } of live) note(figures.memory, plural(count), await resident(kernel.pid));
      await sleep(200);
    }
    for (const one of live) one.onlookers = await lookOn(env, one.connections);
    await tripAll(figures.onlookers);
  } finally {
    for (const { onlookers, client, close } of live) {
      await onlookers?.end();
      await client?.close();
      await close();
    }
  }
}

async function sendLarge(env, rounds, note) {
  const each = 10;
  const one = await start(env);
  const granted = [];
  // Nine grants and the owner: ten clients.
  for (let index = 1; index < 10; index += 1) {
    granted.push((await one.access.grant({ name: `ada-${index}`, roles: ['observer'] })).connection);
  }
  await one.access.close();
  const publisher = program('separate-encryptions.mjs', env);
  const watching = {
    [published]: await lookOn(env, granted),
    [encrypted]: await lookOn(env, JSON.parse(await publisher.next())),
  };
  const owner = await tripper(one.kernel.connection);
  await owner.trip("const large = 'x'.repeat(1 << 20); 0");
  const make = {
    [published]: {
      pid: one.kernel.pid,
      send: async () => void (await owner.trip('display({ "text/plain": large }, { raw: true })')),
    },
    [encrypted]: {
      pid: publisher.pid,
      send: async () => {
        publisher.say('1');
        await publisher.next();
      },
    },
  };
  try {
    let seen = 0;
    for (let turn = 0; turn <= rounds; turn += 1) {
      seen += each;
      for (const [variant, { pid, send }] of Object.entries(make)) {
        const before = await processorTime(pid);
        for (let index = 0; index < each; index += 1) {
          await send();
          await watching[variant].heard(seen - each + index + 1);
        }
        if (turn > 0) note(figures.large, variant, ((await processorTime(pid)) - before) / each);
      }
    }
  } finally {
    await owner.close();
    for (const onlookers of Object.values(watching)) await onlookers.end();
    await publisher.end();
    await one.close();
  }
}

async function start(env) {
  const kernel = await startKernel({ kernelName: 'typescript', transportEncryption: 'required', env });
  const access = await openAccess(kernel.connectionFile);
  const close = async () => {
    await access.close();
    await kernel.shutdown();
  };
  return { kernel, access, close };
}

/** A client that only executes, and waits for reply and idle. */
async function tripper(connection) {
  const origin = { session: randomUUID(), username: 'bench' };
  let waiting;
  const dialer = await openDialer({
    connection,
    routingId: origin.session,
    messageBytes: 2 ** 26,
    onMessage(channel, message) {
      if (waiting === undefined || message.parent_header.msg_id !== waiting.id) return;
      if (channel === 'shell' || (channel === 'iopub' && message.content.execution_state === 'idle')) waiting.left -= 1;
      if (waiting.left === 0) waiting.resolve();
    },
  });
  const trip = async (code = '1+1') => {
    const message = createMessage(origin, 'execute_request', {
      code,
      silent: false,
      store_history: true,
      allow_stdin: false,
    });
    const begin = performance.now();
    const done = new Promise((resolve) => (waiting = { id: message.header.msg_id, left: 2, resolve }));
    await dialer.send('shell', message);
    await done;
    return performance.now() - begin;
  };
  return { trip, close: () => dialer.close() };
}

/** Starts a process that subscribes to each of these connections. */
async function lookOn(env, connections) {
  const onlookers = program('onlookers.mjs', env);
  onlookers.say(
    JSON.stringify(connections.map((one) => ('curve' in one ? JSON.parse(formatConnectionInfo(one)) : one))),
  );
  await onlookers.next();
  return {
    async heard(count) {
      onlookers.say(String(count));
      await onlookers.next();
    },
    end: () => onlookers.end(),
  };
}

function program(name, env) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    async next() {
      const line = await lines.next();
      if (line.done) throw new Error(`${name} ended early`);
      return line.value;
    },
    say: (line) => child.stdin.write(`${line}\n`),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

/** Megabytes. */
async function resident(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Milliseconds, in the system's steps of ten. */
async function processorTime(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
