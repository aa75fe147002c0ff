/** Code of the main thread that no termination may cut, such as the writing of a frame. */
import { performance } from 'node:perf_hooks';
import { ORIGINAL } from '../builtins.js';
import { FLAGS } from '../thread-flags.js';

const { Atomics } = ORIGINAL;
const now = performance.now.bind(performance);

/** Maximum time, in milliseconds, to wait for a termination that is under way: far longer than one takes. */
const TERMINATION_TIMEOUT = 5000;

/** Runs `action` where no termination happens. It must be short, must not call user code, and must not be nested. */
export function uninterruptible<T>(flags: Int32Array, action: () => T): T {
  awaitTermination(flags);
  Atomics.store(flags, FLAGS.uninterruptible, 1);
  try {
    return action();
  } finally {
    Atomics.store(flags, FLAGS.uninterruptible, 0);
    Atomics.notify(flags, FLAGS.uninterruptible);
    // Otherwise a cell that does little but print would hardly ever be found outside.
    awaitTermination(flags);
  }
}

/** Waits by looping: in a loop V8 takes the request in, and terminates. */
function awaitTermination(flags: Int32Array): void {
  if (!isUnderWay(flags)) return;
  const until = now() + TERMINATION_TIMEOUT;
  while (isUnderWay(flags)) {
    if (now() < until) continue;
    Atomics.store(flags, FLAGS.terminationRequested, 0);
    Atomics.store(flags, FLAGS.terminating, 0);
  }
}

function isUnderWay(flags: Int32Array): boolean {
  return Atomics.load(flags, FLAGS.terminationRequested) + Atomics.load(flags, FLAGS.terminating) > 0;
}
