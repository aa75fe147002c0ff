import { deferred } from './deferred.js';

/**
 * Calls `act` with the reason of the signal when it is aborted: at once where it is already, never without a signal. Returns how to take the
 * listener off: a signal that outlives its listeners keeps them all.
 */
export function onAbort(signal: AbortSignal | undefined, act: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => act(signal.reason);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Resolves to the result of `work`; rejects with the reason of the signal if that is aborted first. */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = deferred<never>();
  const stop = onAbort(signal, reject);
  try {
    return await Promise.race([promise, work]);
  } finally {
    stop();
  }
}

/** An event that happens later or never, and need not be waited for. */
export interface Occurrence<T> extends Disposable {
  readonly happened: Promise<T>;
}

/** Resolves to `aborted` once the signal is aborted, and never without one. Disposing takes the listener off. */
export function whenAborted(signal: AbortSignal | undefined): Occurrence<'aborted'> {
  const { promise: happened, resolve } = deferred<'aborted'>();
  const stop = onAbort(signal, () => resolve('aborted'));
  return { happened, [Symbol.dispose]: stop };
}
