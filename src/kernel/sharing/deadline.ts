/** What a Node timer takes at most. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls `act` once, so many milliseconds from now by a clock that nobody sets (a Node timer's is monotonic), also beyond the 24 days
 * of one timer. Does not keep the process alive. Returns how to stop that.
 */
export function startDeadline(milliseconds: number, act: () => void): () => void {
  const end = performance.now() + milliseconds;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = end - performance.now();
    timer = setTimeout(left > LONGEST ? wait : act, Math.min(Math.max(left, 0), LONGEST));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
