/**
 * Loads the bundle of a command with its code cache. `kernel` has a bundle of its own: its options are parsed without the libraries of the other
 * commands. `install` writes the cache where there is none for this Node. Bundled itself, to `start-program.cjs`: a CommonJS module loads
 * `node:fs` and `node:crypto` in half the time.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadBundle, writeCacheOnExit } from '../support/code-cache.js';

const args = process.argv.slice(2);
const [first, ...rest] = args;
const isKernel = first === 'kernel' && !args.includes('--help');
const file = fileURLToPath(new URL(isKernel ? 'kernel-process.cjs' : 'command.cjs', import.meta.url));
const bundle = loadBundle(file, createRequire(file));
if (first === 'install' && !bundle.fromCache) writeCacheOnExit(bundle);
const {
  runCommand,
  runKernelProcess,
}: Partial<typeof import('./run-command.js') & typeof import('./kernel-process.js')> = Object(bundle.exports);
void (isKernel ? runKernelProcess?.(rest) : runCommand?.(args));
