/** The evaluator's process in difference to any Node process: its end, its children and its uncaught errors. */
import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import process from 'node:process';
import { ORIGINAL, type Builtins } from '../builtins.js';
import type { CellTracker } from './cell-tracker.js';
import type { CellStacks } from '../inspect/cell-stack.js';
import { captureChildren } from '../output/child-output.js';
import { describeError } from '../inspect/describe-error.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { PipeToKernel } from '../pipe-to-kernel.js';
import { uninterruptible } from '../interrupt/uninterruptible.js';
import { FLAGS } from '../thread-flags.js';

const { Atomics, Object, Reflect } = ORIGINAL;

/** Dependencies of {@link installProcessHooks}. */
export interface ProcessHooks {
  readonly pipe: PipeToKernel;
  readonly tracker: CellTracker;
  readonly stacks: CellStacks;
  readonly flags: Int32Array;
  readonly builtins: Builtins;
}

/** Installs the hooks, once per process, before any of the cells' modules is loaded. */
export function installProcessHooks(hooks: ProcessHooks): void {
  reportLateErrors(hooks);
  reportExit(hooks);
  captureWrites(hooks);
  captureChildren(hooks);
  syncBuiltinESMExports();
  // A stray Ctrl-C is not for us: the kernel interrupts in its own way. Children of cells do get it.
  process.on('SIGINT', () => {});
}

/** Makes errors thrown by timers, and unhandled rejections, errors of the cell that caused them. They do not end the process. */
function reportLateErrors({ pipe, tracker, stacks, builtins }: ProcessHooks): void {
  const report = (error: unknown): void => {
    // It rejected a promise whose cell was terminated before it awaited it.
    if (error instanceof Interrupted) return;
    // A context that is kept by wrapping callbacks has been left when the error arrives here.
    const { cell, described } = builtins.run(() => ({
      cell: tracker.resume === undefined ? undefined : stacks.cellOf(error),
      described: describeError(error, stacks),
    }));
    pipe.send({ type: 'error', cell: cell ?? tracker.current(), ...described });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

/**
 * Nothing printed is lost when a cell ends the process, which `process.exit` does at once, its second thread included; and the kernel
 * learns which cell it was.
 */
function reportExit({ pipe, tracker, flags }: ProcessHooks): void {
  const { abort, kill } = process;
  const exit = (code?: number): never => {
    pipe.send({ type: 'exiting', cell: tracker.current(), code: Number.isInteger(code) ? Number(code) : 0 });
    Reflect.apply(kill, process, [process.pid, 'SIGKILL']);
    for (;;) Atomics.wait(flags, FLAGS.child, Atomics.load(flags, FLAGS.child));
  };
  define('reallyExit', exit);
  define('abort', () => {
    pipe.send({ type: 'exiting', cell: tracker.current() });
    Reflect.apply(abort, process, []);
  });
  define('kill', (...arguments_: Parameters<typeof process.kill>) => {
    const [target, signal] = arguments_;
    if (target === process.pid && isFatal(signal)) pipe.send({ type: 'exiting', cell: tracker.current() });
    else uninterruptible(flags, pipe.flush);
    return Reflect.apply(kill, process, arguments_);
  });
}

/** Whether a signal ends this process for certain. */
function isFatal(signal: string | number | undefined): boolean {
  const { SIGKILL, SIGTERM } = constants.signals;
  const number = typeof signal === 'string' ? Reflect.get(constants.signals, signal) : (signal ?? SIGTERM);
  return number === SIGKILL || (number === SIGTERM && process.listenerCount('SIGTERM') === 0);
}

function define(name: string, value: unknown): void {
  Object.defineProperty(process, name, { value, writable: true, configurable: true });
}

/** Text written to descriptors 1 and 2 by `fs` keeps its order with what `console` prints. */
function captureWrites({ pipe, tracker }: ProcessHooks): void {
  const { writeSync } = fs;
  const captured = (...arguments_: [number, string | NodeJS.ArrayBufferView, ...unknown[]]): number => {
    const [descriptor, data, ...rest] = arguments_;
    if ((descriptor !== 1 && descriptor !== 2) || rest.length > 0)
      return Reflect.apply(writeSync, fs, arguments_) as number;
    const bytes =
      typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    pipe.print(tracker.current(), descriptor === 1 ? 'stdout' : 'stderr', bytes.toString());
    return bytes.length;
  };
  Object.assign(fs, { writeSync: captured });
}
