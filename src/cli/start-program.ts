/**
 * Loads the bundle of a command with its code cache. `kernel` and `relay` have bundles of their own: their options are parsed without the libraries of
 * the other commands. `install` writes the cache where there is none for this Node;
 * with `--write-code-cache` any process does. Bundled itself, to `start-program.cjs`: a CommonJS module loads
 * `node:fs` and `node:crypto` in half the time.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { loadBundle, WRITE_CODE_CACHE, writeCacheOnExit } from '../support/code-cache.js';

/** The bundle and its function for the commands that front ends start. */
const BUNDLES = {
  kernel: ['kernel-process.cjs', 'runKernelProcess'],
  relay: ['relay-process.cjs', 'runRelayProcess'],
} as const;

const args = process.argv.slice(2);
const [first, ...rest] = args;
const isProcess = (first === 'kernel' && !args.includes('--help')) || (first === 'relay' && rest[0] !== '--help');
const [name, run] = isProcess ? BUNDLES[first] : (['command.cjs', 'runCommand'] as const);
const file = fileURLToPath(new URL(name, import.meta.url));
const bundle = loadBundle(file, createRequire(file));
const writesCache = (first === 'install' && !bundle.fromCache) || (first === 'relay' && rest[0] === WRITE_CODE_CACHE);
if (writesCache) writeCacheOnExit(bundle);
const program: Partial<
  typeof import('./run-command.js') & typeof import('./kernel-process.js') & typeof import('./relay-process.js')
> = Object(bundle.exports);
// As in start-kernel-process.ts: after the cache, which V8 would refuse under other flags.
if (first === 'relay' && !writesCache) setFlagsFromString('--semi-space-growth-factor=1');
void program[run]?.(isProcess ? rest.filter((arg, at) => at > 0 || arg !== WRITE_CODE_CACHE) : args);
