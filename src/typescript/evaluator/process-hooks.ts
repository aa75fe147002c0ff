/** Where the evaluator's process differs from any Node process: its end, its children and its last errors. */
import { Buffer } from 'node:buffer';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { ORIGINAL, type Builtins } from './builtins.js';
import type { CellContext } from './cell-context.js';
import type { CellStacks } from './cell-stack.js';
import { describeError } from './describe-error.js';
import { Interrupted } from './interrupted.js';
import type { PipeToKernel } from './pipe-to-kernel.js';
import { FLAGS, guarded } from './thread-flags.js';

const { Atomics, Object, Reflect } = ORIGINAL;
const now = performance.now.bind(performance);

/** What the hooks report to and through. */
export interface ProcessHooks {
  readonly pipe: PipeToKernel;
  readonly context: CellContext;
  readonly stacks: CellStacks;
  readonly flags: Int32Array;
  readonly builtins: Builtins;
}

/** How long a cell waits for the kernel to have read what there is to read: it answers at once, but on a busy machine. */
const FENCE_MS = 10_000;

/** Installs the hooks, once per process, before any of the cells' modules is loaded. */
export function installProcessHooks(hooks: ProcessHooks): void {
  reportLateErrors(hooks);
  reportExit(hooks);
  captureWrites(hooks);
  fenceChildren(hooks);
  syncBuiltinESMExports();
  // A stray Ctrl-C is not for us: the kernel interrupts in its own way. Children of cells do get it.
  process.on('SIGINT', () => {});
}

/** What timers throw, and rejections that nobody handles, are errors of the cell that caused them, and end nothing. */
function reportLateErrors({ pipe, context, stacks, builtins }: ProcessHooks): void {
  const report = (error: unknown): void => {
    // Of a promise whose cell was terminated before it awaited it.
    if (error instanceof Interrupted) return;
    // A context that is kept by wrapping callbacks has been left when the error arrives here.
    const { cell, described } = builtins.run(() => ({
      cell: context.resume === undefined ? undefined : stacks.cellOf(error),
      described: describeError(error, stacks),
    }));
    pipe.send({ type: 'error', cell: cell ?? context.current(), ...described });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

/** Nothing printed is lost when a cell ends the process, which `process.exit` does at once, its second thread included. */
function reportExit({ pipe, flags }: ProcessHooks): void {
  const { abort, kill } = process;
  const exit = (code?: number): never => {
    pipe.send({ type: 'exiting', code: Number.isInteger(code) ? Number(code) : 0 });
    Reflect.apply(kill, process, [process.pid, 'SIGKILL']);
    for (;;) Atomics.wait(flags, FLAGS.child, Atomics.load(flags, FLAGS.child));
  };
  define('reallyExit', exit);
  define('abort', () => {
    guarded(flags, pipe.flush);
    Reflect.apply(abort, process, []);
  });
  define('kill', (...arguments_: Parameters<typeof process.kill>) => {
    guarded(flags, pipe.flush);
    return Reflect.apply(kill, process, arguments_);
  });
}

function define(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, writable: true, configurable: true });
}

/** Text written to descriptors 1 and 2 by `fs` keeps its order with what `console` prints. */
function captureWrites({ pipe, context }: ProcessHooks): void {
  const { writeSync } = fs;
  const captured = (...arguments_: [number, string | NodeJS.ArrayBufferView, ...unknown[]]): number => {
    const [descriptor, data, ...rest] = arguments_;
    if ((descriptor !== 1 && descriptor !== 2) || rest.length > 0)
      return Reflect.apply(writeSync, fs, arguments_) as number;
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    pipe.print(context.current(), descriptor === 1 ? 'stdout' : 'stderr', bytes.toString());
    return bytes.length;
  };
  Object.assign(fs, { writeSync: captured });
}

/**
 * Output of children that are waited for (`execSync`, …) does not pass through us. Before and after each of them the kernel
 * is asked to deliver what has come, so that what the child prints stands between what the cell prints.
 */
function fenceChildren({ pipe, flags }: ProcessHooks): void {
  const { ChildProcess } = childProcess as unknown as {
    ChildProcess: { prototype: { spawn(options: unknown): unknown } };
  };
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function (this: unknown, options) {
    guarded(flags, pipe.flush);
    return Reflect.apply<unknown, [unknown], unknown>(spawn, this, [options]);
  };
  let fences = 0;
  const fence = (): void => {
    const number = ++fences;
    pipe.send({ type: 'fence', number });
    const until = now() + FENCE_MS;
    for (let last = 0; (last = Atomics.load(flags, FLAGS.fence)) < number && now() < until;)
      Atomics.wait(flags, FLAGS.fence, last, until - now());
  };
  for (const name of ['execSync', 'execFileSync', 'spawnSync'] as const) {
    const original = childProcess[name] as (...arguments_: unknown[]) => unknown;
    const fenced = (...arguments_: unknown[]): unknown => {
      fence();
      Atomics.store(flags, FLAGS.child, 1);
      try {
        return original(...arguments_);
      } finally {
        Atomics.store(flags, FLAGS.child, 0);
        fence();
      }
    };
    Object.defineProperty(fenced, 'name', { value: name });
    Object.assign(childProcess, { [name]: fenced });
  }
}
