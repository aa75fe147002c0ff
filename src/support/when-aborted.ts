import { deferred } from './deferred.js';

/** Something that happens later or never, and need not be waited for. */
export interface Occurrence<T> extends Disposable {
  readonly happened: Promise<T>;
}

/** Resolves to `aborted` once the signal is aborted, and never without one. Disposing takes the listener off. */
export function whenAborted(signal: AbortSignal | undefined): Occurrence<'aborted'> {
  const { promise: happened, resolve } = deferred<'aborted'>();
  const happen = (): void => resolve('aborted');
  if (signal?.aborted === true) happen();
  else signal?.addEventListener('abort', happen, { once: true });
  return { happened, [Symbol.dispose]: () => signal?.removeEventListener('abort', happen) };
}
