import { setTimeout as sleep } from 'node:timers/promises';
import { lookOn } from '../support/onlookers.mjs';
import { letIn, openExecutor, startShared } from '../support/owner.mjs';
import { memoryOf } from '../support/process-figures.mjs';

const TRIPS = 20;
export const alone = '1 client';
/** The contestant with that many clients. */
export const clients = (count) => (count === 1 ? alone : `${count} clients`);
/** The figures of {@link openCrowds}. */
export const [LET_IN, LOOKING_ON, REPLY, MEMORY] = [
  'trip among clients let in',
  'trip among clients looking on',
  'reply among clients looking on',
  'memory with clients let in',
];

/**
 * The owner's round trip on kernels with so many clients. The others are let in, and with `watching` also subscribed to iopub, from one
 * process.
 */
export async function openCrowds(bench, counts, watching) {
  const contestants = {};
  const closing = [];
  for (const count of counts) {
    const { kernel, access, close } = await startShared(bench.env);
    const connections = await letIn(access, count - 1);
    const owner = await openExecutor(kernel.connection);
    const trips = async (length) => {
      const found = [];
      for (let turn = 0; turn < length; turn += 1) {
        // What the others still have to read of the last cell is not measured with this one.
        await sleep(15);
        found.push(await owner.trip());
      }
      return found;
    };
    const onlookers = watching && count > 1 ? await lookOn(bench, connections) : undefined;
    await trips(50);
    closing.push(
      () => onlookers?.end(),
      () => owner.close(),
      close,
    );
    contestants[clients(count)] = async () => {
      await trips(5);
      const found = await trips(TRIPS);
      const done = found.map((one) => one.done);
      if (!watching) return { [LET_IN]: done, [MEMORY]: (await memoryOf(kernel.pid)).rss };
      return { [LOOKING_ON]: done, [REPLY]: found.map((one) => one.reply) };
    };
  }
  return {
    contestants,
    async close() {
      for (const one of closing) await one();
    },
  };
}

const trip = 'owner’s `1+1`';

/** 200 clients looking on. */
export const onlookers = {
  name: 'onlookers',
  rows: [
    {
      title: `${trip} with 200 clients looking on / alone`,
      unit: 'ms',
      of: [LOOKING_ON, clients(200)],
      over: [LOOKING_ON, alone],
      atMost: 6,
    },
    { title: 'the same, to the reply alone', unit: 'ms', of: [REPLY, clients(200)], over: [REPLY, alone] },
  ],
  open: (bench) => openCrowds(bench, [1, 200], true),
};

/** The numbers of clients that the cost is drawn for. */
export const COUNTS = [1, 10, 50, 200];

/** So many clients let in. */
export const crowds = {
  name: 'let-in',
  rows: [
    {
      title: `${trip}, 200 clients let in / alone`,
      unit: 'ms',
      of: [LET_IN, clients(200)],
      over: [LET_IN, alone],
      atMost: 1.2,
    },
    {
      title: 'memory, 200 clients let in − alone',
      unit: 'MB',
      of: [MEMORY, clients(200)],
      minus: [MEMORY, alone],
      atMost: 20,
    },
  ],
  open: (bench) => openCrowds(bench, COUNTS, false),
};

/** So many clients looking on. */
export const watchingCrowds = { ...onlookers, open: (bench) => openCrowds(bench, COUNTS, true) };
