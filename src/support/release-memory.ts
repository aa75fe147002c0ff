import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of large data after which memory is worth giving back. */
const LARGE = 8 * 1024 * 1024;
/** Milliseconds without large data before it is. */
const DELAY = 1_000;

/**
 * Returns a function to be told of data that has passed, in bytes. V8 collects what was large when more is allocated, which an idle process never
 * does: 50 MB that were shown would stay as long as the process. So it is asked to, when no more has come for a second.
 */
export function createMemoryRelease(collect: () => void = collectGarbage): (bytes: number) => void {
  let passed = 0;
  // Made now, so that it belongs to no cell.
  const timer = setTimeout(() => {
    if (passed < LARGE) return;
    passed = 0;
    collect();
  }, DELAY).unref();
  return (bytes) => {
    passed += bytes;
    if (passed >= LARGE) timer.refresh();
  };
}

/** Node has no function for it without a flag on its command line, by which user code would have it, too. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect();
}
