// npm run watch: the compiler in watch mode, and after each change the unit tests that the change can reach. Ctrl-C ends both.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { jest } from './tasks/jest-run.mjs';
import { inRoot, root, script, step } from './tasks/run.mjs';

/** So long no file changes before the tests are run: the compiler writes many. */
const QUIET = 400;

const children = new Set();
const changed = new Set();
let timer;
let testing = false;
let isFirst = true;

script(async () => {
  await ensureDependencies();
  await mkdir(inRoot('dist'), { recursive: true });
  for (const folder of ['dist', 'test']) watch(inRoot(folder), { recursive: true }, (_, file) => note(folder, file));
  // Its first compilation writes every file, and so begins the first run of the tests.
  const compiler = start([inRoot('node_modules/typescript/bin/tsc'), '-p', '.', '--watch', '--preserveWatchOutput']);
  await Promise.race([once(compiler, 'exit'), ...['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => once(process, name))]);
  await endAll();
  process.exit(0);
});

/** Jest's own watch mode asks git what has changed, and git ignores dist/, which is what the tests import. */
function note(folder, file) {
  if (file === null || !/\.(js|ts)$/.test(file) || file.endsWith('.d.ts')) return;
  changed.add(join(folder, file));
  // No test imports what runs in the evaluator's process.
  if (file.startsWith(join('typescript', sep))) changed.add(join('dist', 'typescript', 'typescript-language.js'));
  clearTimeout(timer);
  timer = setTimeout(() => void test(), QUIET);
}

async function test() {
  if (testing) return;
  testing = true;
  const files = [...changed];
  changed.clear();
  const only = isFirst ? [] : ['--findRelatedTests', ...files, '--passWithNoTests'];
  isFirst = false;
  step(only.length === 0 ? 'testing test/unit' : `testing what ${files.length} changed files can reach`);
  const places = ['--roots', 'test', '--roots', 'dist', '--testMatch', '**/test/unit/**/*.test.ts'];
  await once(start([...jest, ...only, ...places]), 'exit');
  testing = false;
  if (changed.size > 0) timer = setTimeout(() => void test(), QUIET);
}

/** In a group of its own, which is ended whole: the compiler is a program that tsc starts, and jest has workers. */
function start(args) {
  const child = spawn(process.execPath, args, { cwd: root, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function endAll() {
  clearTimeout(timer);
  const ends = [...children].map((child) => once(child, 'exit'));
  for (const { pid } of children) process.kill(-pid, 'SIGTERM');
  await Promise.all(ends);
}
