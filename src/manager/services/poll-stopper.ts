import { deferred } from '../../support/deferred.js';

/** Ends the polling of one manager of `@jupyterlab/services`. */
export interface PollStopper {
  /** Returns the result of `ask`, or, once stopped, a promise that stays pending. */
  pass<T>(ask: () => Promise<T>): Promise<T>;
  /** Stops; resolves when the poll waits for a pending promise. `refresh` makes the manager poll now. */
  stop(refresh: () => Promise<void>): Promise<void>;
}

/**
 * Ends the polling of a manager of `@jupyterlab/services` before it is disposed. A disposed manager leaves its timer running, which keeps
 * the process alive for up to a minute. A poll has no timer only while it waits for an answer, so it is left waiting.
 */
export function createPollStopper(): PollStopper {
  let stopped = false;
  const waiting = deferred<'waiting'>();
  return {
    pass: (ask) => {
      if (!stopped) return ask();
      waiting.resolve('waiting');
      return new Promise(() => undefined);
    },
    stop: async (refresh) => {
      stopped = true;
      // Repeated if needed: a refresh that is already under way counts as the requested one, and has its answer.
      const again = (): Promise<unknown> => Promise.race([waiting.promise, refresh().catch(() => undefined)]);
      while ((await again()) !== 'waiting');
    },
  };
}
