const BUSY = { ours: 'while (true) {}', ipykernel: 'while True: pass' };

/** A cell that never ends by itself. */
export const interrupt = {
  name: 'interrupt',
  rows: [
    {
      title: 'interrupt of a spinning cell, ours / ipykernel',
      unit: 'ms',
      of: ['interrupt', 'ours'],
      over: ['interrupt', 'ipykernel'],
      atMost: 1,
    },
  ],
  open({ kernels }) {
    const contestant = ([kind, code]) => [
      kind,
      async () => ({ interrupt: await (await kernels.warm(kind)).ask('interrupt', { code }) }),
    ];
    return { contestants: Object.fromEntries(Object.entries(BUSY).map(contestant)) };
  },
};
