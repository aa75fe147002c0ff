import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const NODE = 'node -e 0';

/** The command jupyter-curve, over a Node that does nothing. */
export const command = {
  name: 'command',
  rows: ['clients', '--help', 'specs'].map((name) => ({
    title: `\`jupyter-curve ${name}\` / \`${NODE}\``,
    unit: 'ms',
    of: ['command', name],
    over: ['command', NODE],
    atMost: 2.5,
  })),
  async open({ command: file, env, kernels }) {
    const kernel = await kernels.warm('ours');
    const time =
      (...args) =>
      async () => {
        const begin = performance.now();
        await promisify(execFile)(process.execPath, args, { env });
        return { command: performance.now() - begin };
      };
    const contestants = {
      [NODE]: time('-e', '0'),
      clients: time(file, 'clients', '--existing', kernel.file),
      '--help': time(file, '--help'),
      specs: time(file, 'specs'),
    };
    for (const sample of Object.values(contestants)) await sample();
    return { contestants };
  },
};
