import { createHash } from 'node:crypto';

const LINES = Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join('');
const SUM = createHash('sha256').update(LINES).digest('hex');
const TYPESCRIPT = "for (let i = 0; i < 10000; i++) console.log('line ' + i)";
const PYTHON = "for i in range(10000): print('line', i)";

/**
 * Many lines, which must arrive whole and in order. tslab has no part in it: 507 of the 10,000 arrive, and no idle (see tslabTrip).
 */
export const lines = {
  name: 'lines',
  rows: [
    {
      title: '10,000 lines, ours / ipykernel',
      unit: 'ms',
      of: ['lines', 'ours'],
      over: ['lines', 'ipykernel'],
      atMost: 0.2,
    },
  ],
  open({ kernels }) {
    const contestant = (kind) => async () => {
      const kernel = await kernels.warm(kind);
      const code = kind === 'ipykernel' ? PYTHON : TYPESCRIPT;
      const { time, printed } = await kernel.ask('run', { code, printed: LINES.length });
      if (printed !== SUM) throw new Error(`${kind} lost lines, or printed them out of order.`);
      return { lines: time };
    };
    return { contestants: Object.fromEntries(['ours', 'Deno', 'ipykernel'].map((kind) => [kind, contestant(kind)])) };
  },
};

const MEGABYTE = 1_000_000;
export const SHOW = {
  ours: (length) => `display({ 'text/plain': 'x'.repeat(${length}) }, { raw: true })`,
  ipykernel: (length) => `display({'text/plain': 'x' * ${length}}, raw=True)`,
};

/** One large output. The kernels are this measurement's own: memory that they keep should not slow the others. */
export const display = {
  name: 'display',
  turns: 2,
  rows: [8, 50].map((size) => ({
    title: `${size} MB display, ours / ipykernel`,
    unit: 'ms',
    of: [`${size} MB display`, 'ours'],
    over: [`${size} MB display`, 'ipykernel'],
    atMost: 1.1,
  })),
  async open({ kernels }) {
    const contestants = {};
    for (const [kind, codeOf] of Object.entries(SHOW)) {
      const kernel = await kernels.start(kind);
      const show = async (size) => {
        const { time, shown } = await kernel.ask('run', { code: codeOf(size * MEGABYTE) });
        if (shown !== size * MEGABYTE) throw new Error(`${kind} showed ${shown} of ${size * MEGABYTE} characters.`);
        return time;
      };
      await show(8);
      contestants[kind] = async () => ({
        '8 MB display': await show(8),
        '50 MB display': await show(50),
      });
    }
    return { contestants };
  },
};
