/** The longest delay of a Node timer, in milliseconds: 24.8 days. For anything longer it fires at once. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Calls `act` once, after so many milliseconds of monotonic time, also beyond the 24.8 days of one Node timer; at once for a time that is
 * past, never for `Infinity`. With `unref` it does not keep the process alive. Returns how to stop it.
 */
export function startTimer(
  milliseconds: number,
  act: () => void,
  options: { readonly unref?: boolean } = {},
): () => void {
  if (milliseconds === Infinity) return () => undefined;
  const due = performance.now() + milliseconds;
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer =
      left > MAX_DELAY
        ? setTimeout(() => wait(due - performance.now()), MAX_DELAY)
        : setTimeout(act, Math.max(left, 0));
    if (options.unref === true) timer.unref();
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}

/**
 * Resolves to the result of `work`, or after so many milliseconds to that of `onLate`. Rejects as either does. Work that goes on longer
 * is not stopped, and its rejection is handled.
 */
export async function withTimeout<T, L>(work: Promise<T>, milliseconds: number, onLate: () => L): Promise<T | L> {
  let stop: (() => void) | undefined;
  const late = new Promise<void>((resolve) => (stop = startTimer(milliseconds, resolve)));
  try {
    return await Promise.race([work, late.then(onLate)]);
  } finally {
    stop?.();
  }
}

/** Whether `work` resolves within so many milliseconds. Rejects if it rejects within them. */
export async function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return await withTimeout(
    work.then(() => true),
    milliseconds,
    () => false,
  );
}
