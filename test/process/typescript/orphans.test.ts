import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';

let folder: string;
/** Where every evaluator, and every child that a cell starts, writes its id. */
let log: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-orphans-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  log = join(folder, String(++count));
  await writeFile(log, '');
});

const KERNEL = `
  const { createTypeScriptLanguage } = await import(${JSON.stringify(new URL('../../../dist/typescript/typescript-language.js', import.meta.url).href)});
  const [code, preload] = process.argv.slice(1);
  const ignore = () => {};
  const cell = { signal: new AbortController().signal, stream: (_, text) => process.stdout.write(text), display: ignore, result: ignore, error: ignore, input: () => new Promise(ignore) };
  const language = createTypeScriptLanguage({ evaluatorArguments: ['--import', preload] });
  language.start().catch(ignore);
  console.log('started');
  if (code !== '') await language.execute({ code, silent: false, storeHistory: true, userExpressions: {}, allowStdin: true, executionCount: 1 }, cell);
  console.log('ended');
  setInterval(ignore, 1000);
`;

const module = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
/** Runs in the evaluator before anything of ours. */
const preload = (code: string): string =>
  module(
    `import fs from 'node:fs'; import module from 'node:module'; import workers from 'node:worker_threads'; if (workers.isMainThread) { fs.appendFileSync(${JSON.stringify(log)}, process.pid + ' '); ${code} }`,
  );

const FOREVER = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
const pids = async (): Promise<number[]> => (await readFile(log, 'utf8')).trim().split(' ').filter(Boolean).map(Number);
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Has the import of a module by that name wait for ever. */
const hook = (name: string): string =>
  `module.register(${JSON.stringify(module(`export async function resolve(name, context, next) { if (name.includes(${JSON.stringify(name)})) await new Promise(() => {}); return next(name, context) }`))});`;
/** Code of a cell that starts a child. */
const child = (): string =>
  `const { spawn, execSync } = require("node:child_process"); const child = spawn("sleep", ["1000"]); require("node:fs").appendFileSync(${JSON.stringify(log)}, child.pid + " "); console.log("go"); await 0;`;

/** Starts a kernel, kills it when `when` resolves, and waits until whatever it started is gone. */
async function killKernel(
  code: string,
  early: string,
  when: (printed: () => string) => Promise<unknown>,
): Promise<number[]> {
  const kernel = spawn(process.execPath, ['--input-type=module', '-e', KERNEL, code, preload(early)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  kernel.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await when(() => printed);
  } finally {
    kernel.kill('SIGKILL');
  }
  const started = await pids();
  try {
    // One that is started in the moment of the kernel's death writes its id later.
    for (let calm = 0; calm < 5; calm++) {
      await eventually(() => !started.some(isAlive));
      await sleep(50);
      const found = await pids();
      if (found.length > started.length) calm = 0;
      started.splice(0, started.length, ...found);
    }
  } finally {
    for (const pid of started) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  return started;
}

const logged = (): Promise<unknown> => eventually(async () => (await pids()).length > 0, 'an evaluator is started');

describe('an evaluator ends with its kernel, killed when the evaluator', () => {
  test.each([
    ['sleeps before anything of ours is loaded', FOREVER],
    ['spins before anything of ours is loaded', 'for (;;);'],
    ['waits for its own modules', hook('handle-request')],
    ['waits for its parser', hook('oxc-parser')],
    [
      'has a second thread that never starts, and sleeps',
      `workers.Worker = class { on() {} }; module.syncBuiltinESMExports(); setTimeout(() => { ${FOREVER} }, 100);`,
    ],
    ['is stopped before it is ready', 'process.kill(process.pid, "SIGSTOP");'],
  ])('%s', async (_step, early) => {
    expect(await killKernel('', early, logged)).toHaveLength(1);
  });

  test('is anywhere in its start', async () => {
    let whole = 0;
    await killKernel('console.log("go")', '', async (printed) => {
      await eventually(() => printed().includes('started'));
      const start = performance.now();
      await eventually(() => printed().includes('go'));
      whole = performance.now() - start;
    });
    for (let step = 0; step <= 12; step++) {
      await killKernel('', '', async (printed) => {
        await eventually(() => printed().includes('started'));
        await sleep((step / 12) * whole);
      });
    }
  });
});

describe('an evaluator and the children of its cells end with their kernel while a cell', () => {
  test.each([
    ['spins', 'for (;;);'],
    ['sleeps', FOREVER],
    ['waits for a child', 'execSync("sleep 1000");'],
    ['waits for a child that ignores signals', `execSync("trap '' INT TERM HUP; sleep 1000 & wait");`],
    ['awaits', 'await new Promise(() => {});'],
    ['waits for an answer', 'prompt("?");'],
    ['prints without end', 'for (;;) console.log("more");'],
    ['is stopped', 'process.kill(process.pid, "SIGSTOP");'],
    ['is stopped with everything that it has started', 'process.kill(0, "SIGSTOP");'],
  ])('%s', async (_what, code) => {
    const started = await killKernel(`${child()} ${code}`, '', async (printed) =>
      eventually(() => printed().includes('go')),
    );
    expect(started).toHaveLength(2);
  });

  test('has ended, and the evaluator is stopped', async () => {
    const started = await killKernel(`${child()} 1`, '', async (printed) => {
      await eventually(() => printed().includes('ended'));
      for (const pid of await pids()) process.kill(pid, 'SIGSTOP');
    });
    expect(started).toHaveLength(2);
  });
});

test('the watch over an evaluator ends with it, and none is left behind', async () => {
  const { openNotebook } = await import('../../support/kernel/recorded-cell.js');
  const { childrenOf } = await import('../../support/children-of.js');
  const { run, language } = openNotebook();
  const watchdogs = (): Promise<readonly number[]> => childrenOf(process.pid, 'jupyter-curve-evaluator-watchdog');
  await run('1');
  expect(await watchdogs()).toHaveLength(1);
  await run('process.exit()');
  await run('1');
  await eventually(async () => (await watchdogs()).length === 1);
  await language.close?.('shutdown');
  await eventually(async () => (await watchdogs()).length === 0);
});
