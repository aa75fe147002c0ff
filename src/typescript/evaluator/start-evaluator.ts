/**
 * The program of the evaluator: starts its bundle with a code cache. It is bundled itself, to `evaluator.cjs`: a CommonJS module starts without
 * the loader of ES modules. With `--write-code-cache` the process writes the cache when it ends.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { importModule, loadBundle, WRITE_CODE_CACHE, writeCacheOnExit } from '../../support/code-cache.js';

const file = fileURLToPath(new URL('evaluator-process.cjs', import.meta.url));
const bundle = loadBundle(file, createRequire(file));
if (process.argv.includes(WRITE_CODE_CACHE)) writeCacheOnExit(bundle);
// Cells are no part of a program: `require.main` is undefined for them.
Reflect.set(process, 'mainModule', undefined);
// Node sets up its loader of ES modules at the first import: before the first cell, which may replace what that needs.
void importModule('node:path');
