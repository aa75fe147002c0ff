/** New kernels, from the start of the process on. */
export const start = {
  name: 'start',
  rows: [
    {
      title: 'start → `kernel_info_reply`, ours / Deno',
      unit: 'ms',
      of: ['start', 'ours'],
      over: ['start', 'Deno'],
      atMost: 0.55,
    },
    {
      title: 'start → first cell done, ours / Deno',
      unit: 'ms',
      of: ['first cell', 'ours'],
      over: ['first cell', 'Deno'],
      atMost: 0.9,
    },
  ],
  async open({ kernels }) {
    const contestant = (kind) => async () => {
      const { reply, cell, stop } = await kernels.start(kind);
      await stop();
      return { start: reply, 'first cell': cell };
    };
    const contestants = Object.fromEntries(
      ['ours', 'Deno', 'tslab', 'ipykernel'].map((kind) => [kind, contestant(kind)]),
    );
    // Their programs are read from the disk before the first round.
    for (const kind of ['ours', 'Deno']) await contestants[kind]();
    return { contestants };
  },
};
