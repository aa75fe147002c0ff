import type { Request } from '../server/backend.js';

/** How a job ended. */
export interface JobEnd {
  /** Whether the jobs of the same identity that wait behind it should be aborted. */
  readonly abortWaiting: boolean;
  /** Tells the client. Whatever arrives afterwards was sent in knowledge of it, and is not aborted. */
  tell(): void;
}

/** One piece of work that must keep its place in the order of requests. */
export interface Job {
  /** Who asked for it. */
  readonly request: Pick<Request, 'identity' | 'grant'>;
  /** Does it; never rejects. */
  run(signal: AbortSignal): Promise<JobEnd | void>;
  /** Called instead of {@link run}. A job without it cannot be aborted, and runs. */
  abort?(): void;
}

/** Jobs one after another: what runs code or changes what later code sees. */
export interface ExecuteQueue {
  /** Who asked for the job that runs, if one does. */
  readonly running: Job['request'] | undefined;
  /** Whether as many jobs of this identity wait as may. */
  isFull(identity: string): boolean;
  add(job: Job): void;
  /** Aborts the signal of the job that runs, if one does. */
  interrupt(reason: unknown): void;
  /** What this grant asked for and has not ended. */
  askedBy(grant: string): readonly Job['request'][];
  /** Takes out what waits by this grant, without a word. */
  cancelRequests(grant: string): void;
  /** Interrupts what runs and aborts all that waits, now and later. Resolves when nothing runs any more. */
  close(reason: unknown): Promise<void>;
}

/** Jobs of one identity that may wait: far more than a notebook has cells, and few enough to hold. */
export const MOST_WAITING = 10_000;

/** A queue with nothing in it. */
export function createExecuteQueue(): ExecuteQueue {
  let waiting: Job[] = [];
  let current: { readonly job: Job; readonly controller: AbortController } | undefined;
  let work = Promise.resolve();
  let open = true;

  /** Takes out the jobs that can be aborted, all of them or those of one identity; when the queue is closed, the others too. */
  const takeAbortable = (identity?: string): readonly Job[] => {
    const isDoomed = (job: Job): boolean =>
      job.abort !== undefined && (identity === undefined || job.request.identity === identity);
    const doomed = waiting.filter(isDoomed);
    waiting = open ? waiting.filter((job) => !isDoomed(job)) : [];
    return doomed;
  };
  const abortAll = (jobs: readonly Job[]): void => {
    for (const job of jobs) job.abort?.();
  };
  const runAll = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const controller = new AbortController();
      current = { job, controller };
      const end = await job.run(controller.signal);
      // Before the client is told: sending can let the next request in.
      const doomed = end?.abortWaiting === true ? takeAbortable(job.request.identity) : [];
      end?.tell();
      abortAll(doomed);
    }
    current = undefined;
  };

  return {
    get running() {
      return current?.job.request;
    },
    isFull: (identity) =>
      waiting.length >= MOST_WAITING &&
      waiting.filter(({ request }) => request.identity === identity).length >= MOST_WAITING,
    add(job) {
      if (!open) return job.abort?.();
      waiting.push(job);
      if (current === undefined) work = runAll();
    },
    interrupt: (reason) => current?.controller.abort(reason),
    askedBy: (grant) =>
      [...(current ? [current.job] : []), ...waiting]
        .map(({ request }) => request)
        .filter((request) => request.grant === grant),
    cancelRequests(grant) {
      waiting = waiting.filter(({ request }) => request.grant !== grant);
    },
    async close(reason) {
      open = false;
      current?.controller.abort(reason);
      abortAll(takeAbortable());
      await work;
    },
  };
}
