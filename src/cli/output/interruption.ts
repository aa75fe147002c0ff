/** What Ctrl-C and the signals that end a process ask for, in two steps. */
export interface Interruption extends Disposable {
  /** Aborted by the first: stop what runs, and keep what there is. */
  readonly gently: AbortSignal;
  /** Aborted by the second Ctrl-C, and at once by SIGTERM and SIGHUP: end everything now. */
  readonly atOnce: AbortSignal;
}

/** Listens to signals until it is disposed. Whatever comes after the second step has its usual, deadly effect. */
export function listenForInterruption(): Interruption {
  const [gently, atOnce] = [new AbortController(), new AbortController()];
  const dispose = (): void => {
    process.off('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  };
  const end = (): void => {
    dispose();
    gently.abort();
    atOnce.abort();
  };
  const interrupt = (): void => (gently.signal.aborted ? end() : gently.abort());
  process.on('SIGINT', interrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  return { gently: gently.signal, atOnce: atOnce.signal, [Symbol.dispose]: dispose };
}
