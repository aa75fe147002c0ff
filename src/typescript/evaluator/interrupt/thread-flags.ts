import { performance } from 'node:perf_hooks';
import { ORIGINAL } from '../run/builtins.js';

const { Atomics } = ORIGINAL;
const now = performance.now.bind(performance);

/**
 * Numbers shared by the evaluator's two threads.
 *
 * The main thread may be terminated almost anywhere, and must not be in the middle of a frame. So it marks such stretches
 * ({@link guarded}). A strike is decided on the main thread itself (see `createStrike`), which sees the mark.
 */
export const FLAGS = {
  /** The number of the last interrupt that the main thread has seen. */
  seen: 0,
  /** 1 while the watchdog has a strike under way. */
  striking: 1,
  /** 1 while the main thread is in a guarded stretch. */
  guarded: 2,
  /** 1 while the main thread waits for a child process (`execSync`), which only a signal ends. */
  child: 3,
  /** The number of the last fence that the kernel answered. */
  fence: 4,
  /** How many blocking questions were answered. */
  answers: 5,
  /** 1 while a thread holds the pipe to the kernel. */
  pipe: 6,
  /** How many bytes of printed text wait for being written out, whose they are, and 1 for stderr. */
  printed: 7,
  printedCell: 8,
  printedName: 9,
  /** 1 while the watchdog is to write printed text out soon. */
  flushing: 10,
  /** 1 from a strike that was granted until it has struck. */
  terminating: 11,
} as const;

/** Room for every flag. */
export function createFlags(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * Object.keys(FLAGS).length));
}

/** How long the main thread waits at the door of a guarded stretch for a strike under way: far longer than one takes. */
const STRIKE_MS = 5000;

/** Runs `action` where no termination can strike; it must be short, must not call user code, and must not be nested. */
export function guarded<T>(flags: Int32Array, action: () => T): T {
  awaitStrike(flags);
  Atomics.store(flags, FLAGS.guarded, 1);
  try {
    return action();
  } finally {
    Atomics.store(flags, FLAGS.guarded, 0);
    Atomics.notify(flags, FLAGS.guarded);
    // Otherwise a cell that does little but print would never be met outside.
    awaitStrike(flags);
  }
}

/** Waits by turning: there V8 lets the strike in, and there it terminates. */
function awaitStrike(flags: Int32Array): void {
  if (Atomics.load(flags, FLAGS.striking) + Atomics.load(flags, FLAGS.terminating) === 0) return;
  const until = now() + STRIKE_MS;
  while (Atomics.load(flags, FLAGS.striking) + Atomics.load(flags, FLAGS.terminating) > 0) {
    if (now() < until) continue;
    Atomics.store(flags, FLAGS.striking, 0);
    Atomics.store(flags, FLAGS.terminating, 0);
  }
}
