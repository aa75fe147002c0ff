import { runProgram } from '../support/program.mjs';

const COUNT = 20;

/** Many kernels at once, each side with its own manager in a process of its own. */
export const manyKernels = {
  name: 'many',
  slow: true,
  rows: [
    {
      title: `${COUNT} kernels at once, our manager and kernel / jupyter_client and ipykernel`,
      unit: 'ms',
      of: ['many', 'ours'],
      over: ['many', 'jupyter_client'],
      atMost: 0.45,
    },
    {
      title: 'longest stall of our manager’s event loop meanwhile',
      unit: 'ms',
      of: ['stall', 'ours'],
      take: 'most',
      atMost: 100,
    },
    { title: 'processor time of our manager in that stall', unit: 'ms', of: ['busy', 'ours'], take: 'most' },
  ],
  open: async (bench) => ({
    contestants: {
      ours: async () => {
        const { wall, ...longest } = await runProgram(bench, 'many-kernels.mjs', COUNT);
        return { many: wall, ...longest };
      },
      jupyter_client: async () => ({ many: (await runProgram(bench, 'many_kernels.py', COUNT)).wall }),
    },
  }),
};
