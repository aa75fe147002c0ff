import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../support/process-figures.mjs';
import { SHOW } from './output.mjs';

const [FRESH, USED, OUTPUTS] = ['fresh', 'after 200 cells', '30 s after 50 MB outputs'];
const goals = { [FRESH]: 110, [USED]: 140, [OUTPUTS]: 180 };

/** Memory of a kernel with the processes below it. */
export const memory = {
  name: 'memory',
  slow: true,
  rows: Object.entries(goals).flatMap(([when, atMost]) => [
    { title: `memory of kernel and evaluator, ${when}`, unit: 'MB', of: [`memory ${when}`, 'ours'], atMost },
    { title: 'the same, PSS', unit: 'MB', of: [`PSS ${when}`, 'ours'] },
  ]),
  async open({ kernels, quick }) {
    const contestant = (kind) => async () => {
      const kernel = await kernels.start(kind);
      const found = await freshMemory(kernel);
      await kernel.stop();
      return found;
    };
    const peers = Object.fromEntries(['Deno', 'tslab', 'ipykernel'].map((kind) => [kind, contestant(kind)]));
    // That kernel rests while the other measurements have their turns; the next one is for the next round.
    let resting = await afterOutputs(kernels);
    const ours = async () => {
      const kernel = await kernels.start('ours');
      const found = await freshMemory(kernel);
      // Its start ran the first.
      await kernel.ask('trips', { count: 199 });
      Object.assign(found, named(USED, await memoryOf(kernel.pid)), await resting.memory);
      await kernel.stop();
      await resting.stop();
      resting = quick ? undefined : await afterOutputs(kernels);
      return found;
    };
    return { contestants: { ours, ...peers } };
  },
};

async function freshMemory(kernel) {
  await sleep(1_000);
  return named(FRESH, await memoryOf(kernel.pid));
}

/** A kernel that has displayed 50 MB three times; `memory` resolves after 30 s. */
async function afterOutputs(kernels) {
  const kernel = await kernels.start('ours');
  for (let turn = 0; turn < 3; turn += 1) await kernel.ask('run', { code: SHOW.ours(50_000_000) });
  // Not referenced: the end of the last round does not wait for it.
  const rested = sleep(30_000, undefined, { ref: false });
  return { memory: rested.then(async () => named(OUTPUTS, await memoryOf(kernel.pid))), stop: kernel.stop };
}

const named = (when, { rss, pss }) => ({ [`memory ${when}`]: rss, [`PSS ${when}`]: pss });
