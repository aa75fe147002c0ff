/**
 * The program of the kernelspec: starts the bundle of the kernel with its code cache. It is bundled itself, to `kernel.cjs`: a CommonJS module
 * starts without the loader of ES modules. With `--write-code-cache` the process writes the cache when it ends.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { loadBundle, WRITE_CODE_CACHE, writeCacheOnExit } from '../support/code-cache.js';

const file = fileURLToPath(new URL('kernel-process.cjs', import.meta.url));
const args = process.argv.slice(2);
const bundle = loadBundle(file, createRequire(file));
if (args.includes(WRITE_CODE_CACHE)) writeCacheOnExit(bundle);
// The young generation of V8's heap stays at its first size: 75 MB instead of 105 after heavy use. On the command line the flag would cost 15 ms, since
// Node then does without the code cache of its own modules; and V8 refuses a cache that was made under other flags.
else setFlagsFromString('--semi-space-growth-factor=1');
const { runKernelProcess }: typeof import('./kernel-process.js') = Object(bundle.exports);
void runKernelProcess(args.filter((arg) => arg !== WRITE_CODE_CACHE));
