import { isAbsolute } from 'node:path';
import { inRoot } from './run.mjs';

/**
 * Puts all that the command loads into dist/cli/main.js, as it was just compiled, and a few files beside it: front ends wait for a kernel to
 * start, and a fifth of that time is Node finding and reading 160 modules. What is in dist/ besides is what programs import.
 */
export async function bundle() {
  // Not before: `npm start` in a fresh clone installs it first.
  const { build } = await import('rolldown');
  await build({
    input: { main: inRoot('dist', 'cli', 'main.js') },
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    logLevel: 'warn',
    output: {
      dir: inRoot('dist', 'cli'),
      format: 'esm',
      entryFileNames: '[name].js',
      // In the same folder: where modules look for files beside them, they are as far away from there.
      chunkFileNames: 'chunk-[name]-[hash].js',
      sourcemap: true,
    },
  });
}
