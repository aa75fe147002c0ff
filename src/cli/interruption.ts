import { CurveKernelError } from '../errors.js';

/** Two steps of stopping, requested by Ctrl-C and the signals that end a process. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal, with the error `interrupted`: stop the work and keep its results. */
  readonly softAbort: AbortSignal;
  /** Aborted by the second Ctrl-C, or immediately by SIGTERM and SIGHUP: end everything now. */
  readonly hardAbort: AbortSignal;
}

/** Listens to signals until it is disposed. A signal after the second step has its default effect. */
export function listenForInterruption(): Interruption {
  const [softAbort, hardAbort] = [new AbortController(), new AbortController()];
  const dispose = (): void => {
    process.off('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  };
  const stop = (): void =>
    softAbort.abort(
      new CurveKernelError('interrupted', 'Interrupted before the kernel was ready.', { hint: 'Run it again.' }),
    );
  const end = (): void => {
    dispose();
    stop();
    hardAbort.abort();
  };
  const interrupt = (): void => (softAbort.signal.aborted ? end() : stop());
  process.on('SIGINT', interrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  return { softAbort: softAbort.signal, hardAbort: hardAbort.signal, [Symbol.dispose]: dispose };
}
