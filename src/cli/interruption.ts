/** What Ctrl-C and the signals that end a process ask for, in two steps. */
export interface Interruption extends Disposable {
  /** Aborted by the first: stop what runs, and keep what there is. */
  readonly softAbort: AbortSignal;
  /** Aborted by the second Ctrl-C, and at once by SIGTERM and SIGHUP: end everything now. */
  readonly hardAbort: AbortSignal;
}

/** Listens to signals until it is disposed. Whatever comes after the second step has its usual, deadly effect. */
export function listenForInterruption(): Interruption {
  const [softAbort, hardAbort] = [new AbortController(), new AbortController()];
  const dispose = (): void => {
    process.off('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  };
  const end = (): void => {
    dispose();
    softAbort.abort();
    hardAbort.abort();
  };
  const interrupt = (): void => (softAbort.signal.aborted ? end() : softAbort.abort());
  process.on('SIGINT', interrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  return { softAbort: softAbort.signal, hardAbort: hardAbort.signal, [Symbol.dispose]: dispose };
}
