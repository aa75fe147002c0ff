/** Output of child processes and workers goes to the cell that started them, also when that has ended. */
import childProcess, { type ChildProcess } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';
import { ORIGINAL } from '../builtins.js';
import type { CellTracker } from '../run/cell-tracker.js';
import type { PipeToKernel } from '../pipe-to-kernel.js';
import { uninterruptible } from '../interrupt/uninterruptible.js';
import { FLAGS } from '../thread-flags.js';

const { Atomics, isArray, Object, Promise, Reflect } = ORIGINAL;
const { setImmediate } = globalThis;
const now = performance.now.bind(performance);

/** Dependencies of {@link captureChildren}. */
export interface ChildOutputOptions {
  readonly pipe: PipeToKernel;
  readonly tracker: CellTracker;
  readonly flags: Int32Array;
}

type StreamName = 'stdout' | 'stderr';

/** How long a cell waits at an output barrier, in milliseconds: the kernel answers at once, but on a busy machine. */
const BARRIER_TIMEOUT = 10_000;
/** Maximum number of turns of the event loop that the end of a child waits for its output to be read. */
const DRAIN_TURNS = 16;

/** Replaces the functions that start children and workers. Call it before any of the cells' modules is loaded. */
export function captureChildren(options: ChildOutputOptions): void {
  captureSpawned(options);
  captureAwaited(options);
  captureWorkers(options);
}

/**
 * Gives a child that inherits our descriptors 1 and 2 pipes instead, since output on those does not tell its writer. As for any child that
 * inherits them, its `stdout` and `stderr` are null; and its output is there before its `exit`.
 */
function captureSpawned({ pipe, tracker, flags }: ChildOutputOptions): void {
  type Spawning = ChildProcess & { spawn: (this: unknown, options: { stdio?: unknown }) => unknown };
  const { prototype } = (childProcess as unknown as { ChildProcess: { prototype: Spawning } }).ChildProcess;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const child = this as Spawning;
    uninterruptible(flags, pipe.flush);
    const cell = tracker.current();
    const stdio = isArray(options.stdio)
      ? [...(options.stdio as unknown[])]
      : options.stdio === 'inherit'
        ? INHERIT
        : [];
    const inherited = stdio.map(inheritedStream);
    if (inherited.every((name) => name === undefined)) return Reflect.apply(spawn, child, [options]);
    const piped = stdio.map((each, at) => (inherited[at] === undefined ? each : 'pipe'));
    const result = Reflect.apply(spawn, child, [{ ...options, stdio: piped }]);
    const streams = child.stdio as unknown as (Readable | null)[] | undefined;
    let chunks = 0;
    inherited.forEach((name, at) => {
      const stream = name && streams?.[at];
      if (!stream) return;
      stream.setEncoding('utf8').on('data', (text: string) => {
        chunks++;
        pipe.print(cell, name, text);
      });
      stream.on('error', () => {});
      streams[at] = null;
      if (at === 1) child.stdout = null;
      if (at === 2) child.stderr = null;
    });
    holdEnd(child, () => chunks);
    return result;
  };
}

const INHERIT = ['inherit', 'inherit', 'inherit'];

/** The name of our stream that the child's descriptor `at` would be. */
function inheritedStream(entry: unknown, at: number): StreamName | undefined {
  const descriptor =
    entry === 'inherit' ? at : typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'fd') : entry;
  return descriptor === 1 ? 'stdout' : descriptor === 2 ? 'stderr' : undefined;
}

/** Holds back `exit`, and `close` behind it, until no more output of the child is read. */
function holdEnd(child: ChildProcess, chunks: () => number): void {
  const { emit } = child;
  let held: Promise<void> | undefined;
  const drained = async (): Promise<void> => {
    for (let turns = 0, before = -1; before !== chunks() && turns < DRAIN_TURNS; turns++) {
      before = chunks();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  child.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'exit' && event !== 'close') return Reflect.apply(emit, child, [event, ...values]);
    held = (held ?? drained()).then(() => void Reflect.apply(emit, child, [event, ...values]));
    return true;
  };
}

/**
 * Children that are waited for (`execSync`, …) write to our descriptors themselves. An output barrier before and after each makes the kernel
 * deliver the output so far and tells it the cell of the output to come, so that the child's output stands between the cell's own.
 */
function captureAwaited({ pipe, tracker, flags }: ChildOutputOptions): void {
  let barriers = 0;
  const passBarrier = (cell: number): void => {
    const number = ++barriers;
    pipe.send({ type: 'outputBarrier', number, cell });
    const until = now() + BARRIER_TIMEOUT;
    for (let last = 0; (last = Atomics.load(flags, FLAGS.outputBarrier)) < number && now() < until;)
      Atomics.wait(flags, FLAGS.outputBarrier, last, until - now());
  };
  for (const name of ['execSync', 'execFileSync', 'spawnSync'] as const) {
    const original = childProcess[name] as (...arguments_: unknown[]) => unknown;
    const withBarrier = (...arguments_: unknown[]): unknown => {
      passBarrier(tracker.current());
      Atomics.store(flags, FLAGS.child, 1);
      try {
        return original(...arguments_);
      } finally {
        Atomics.store(flags, FLAGS.child, 0);
        passBarrier(0);
      }
    };
    Object.defineProperty(withBarrier, 'name', { value: name });
    Object.assign(childProcess, { [name]: withBarrier });
  }
}

/** Node itself prints a worker's output in the context in which its messages happen to arrive. */
function captureWorkers({ pipe, tracker }: ChildOutputOptions): void {
  const { Worker: Original } = workerThreads;
  class Worker extends Original {
    constructor(filename: string | URL, options: WorkerOptions = {}) {
      super(filename, { ...options, stdout: true, stderr: true });
      const cell = tracker.current();
      for (const name of ['stdout', 'stderr'] as const) {
        if (options[name] === true) continue;
        this[name].setEncoding('utf8').on('data', (text: string) => pipe.print(cell, name, text));
      }
    }
  }
  Object.assign(workerThreads, { Worker });
}
