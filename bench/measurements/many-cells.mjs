import { memoryOf } from '../support/process-figures.mjs';

/** A kernel that is used for long: the last hundred of a thousand cells over the first, and the memory that the nine hundred between cost. */
export const manyCells = {
  name: 'cells',
  slow: true,
  rows: [
    {
      title: '1,000 cells, last hundred / first hundred',
      unit: 'ms',
      of: ['last hundred', 'ours'],
      over: ['first hundred', 'ours'],
      atMost: 1.05,
    },
    { title: '1,000 cells, growth after the first hundred', unit: 'MB', of: ['growth', 'ours'], atMost: 20 },
  ],
  open: async ({ kernels }) => ({
    contestants: {
      async ours() {
        const kernel = await kernels.start('ours');
        const first = await kernel.ask('trips', { count: 100 });
        const before = await memoryOf(kernel.pid);
        const rest = await kernel.ask('trips', { count: 900 });
        const after = await memoryOf(kernel.pid);
        await kernel.stop();
        return { 'first hundred': first, 'last hundred': rest.slice(-100), growth: after.rss - before.rss };
      },
    },
  }),
};
