import { isAbsolute } from 'node:path';
import { inRoot } from './run.mjs';

/**
 * Bundles all modules of the command into dist/cli/main.js and a few chunks: front ends wait for a kernel to
 * start, and a fifth of that time is Node finding and reading 160 modules. The other files in dist/ are for programs that import the package.
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
      // In the same folder: relative paths from modules to files of the package stay the same.
      chunkFileNames: 'chunk-[name]-[hash].js',
      sourcemap: true,
    },
  });
}
