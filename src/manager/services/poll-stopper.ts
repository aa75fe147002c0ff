import { deferred } from '../../support/deferred.js';

/** Lets a manager's poll ask for its models, until it is stopped. */
export interface PollStopper {
  /** What `ask` gives; a promise that stays pending once the brake is on. */
  pass<T>(ask: () => Promise<T>): Promise<T>;
  /** Puts the brake on; resolves when the poll stands still. `refresh` makes the manager poll now. */
  stop(refresh: () => Promise<void>): Promise<void>;
}

/**
 * Ends the polling of a manager of `@jupyterlab/services` before it is disposed. Disposed as it is, it leaves its timer running,
 * and the process alive for up to a minute. A poll has no timer only while it waits for an answer: so it gets none.
 */
export function createPollStopper(): PollStopper {
  let stopped = false;
  const still = deferred<'still'>();
  return {
    pass: (ask) => {
      if (!stopped) return ask();
      still.resolve('still');
      return new Promise(() => undefined);
    },
    stop: async (refresh) => {
      stopped = true;
      // More than once if need be: a refresh that is already going on counts as the one asked for, and has its answer.
      const again = (): Promise<unknown> => Promise.race([still.promise, refresh().catch(() => undefined)]);
      while ((await again()) !== 'still');
    },
  };
}
