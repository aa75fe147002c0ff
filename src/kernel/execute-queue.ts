import type { Request } from '../server/backend.js';

/** The end of a job. */
export interface JobEnd {
  /** Whether the jobs of the same identity that wait behind it should be aborted. */
  readonly abortWaiting: boolean;
  /** Tells the client. A request that arrives afterwards was sent in knowledge of it, and is not aborted. */
  sendReply(): void;
}

/** One piece of work that must keep its place in the order of requests. */
export interface Job {
  /** The request that it carries out. */
  readonly request: Pick<Request, 'identity' | 'grant'>;
  /** Carries it out; never rejects. */
  run(signal: AbortSignal): Promise<JobEnd | void>;
  /** Called instead of {@link run}. A job without it cannot be aborted, and runs. */
  abort?(): void;
}

/** Maximum number of waiting jobs of one identity: far more than a notebook has cells, and few enough to hold. */
export const MAX_WAITING = 10_000;

/** An empty queue, which runs jobs one after another: those that run code or change what later code sees. */
export function createExecuteQueue() {
  let waiting: Job[] = [];
  let current: { readonly job: Job; readonly controller: AbortController } | undefined;
  let work = Promise.resolve();
  let open = true;

  /** Removes the jobs that can be aborted, all of them or those of one identity; when the queue is closed, the others too. */
  const takeAbortable = (identity?: string): readonly Job[] => {
    const isAbortable = (job: Job): boolean =>
      job.abort !== undefined && (identity === undefined || job.request.identity === identity);
    const toAbort = waiting.filter(isAbortable);
    waiting = open ? waiting.filter((job) => !isAbortable(job)) : [];
    return toAbort;
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
      const toAbort = end?.abortWaiting === true ? takeAbortable(job.request.identity) : [];
      end?.sendReply();
      abortAll(toAbort);
    }
    current = undefined;
  };

  return {
    /** The request of the job that runs, if one does. */
    get running(): Job['request'] | undefined {
      return current?.job.request;
    },
    /** Whether {@link MAX_WAITING} jobs of this identity wait. */
    isFull: (identity: string): boolean =>
      waiting.length >= MAX_WAITING &&
      waiting.filter(({ request }) => request.identity === identity).length >= MAX_WAITING,
    add(job: Job): void {
      if (!open) return job.abort?.();
      waiting.push(job);
      if (current === undefined) work = runAll();
    },
    /** Aborts the signal of the job that runs, if one does. */
    interrupt: (reason: unknown): void => current?.controller.abort(reason),
    /** The requests by this grant that have not ended. */
    requestsOf: (grant: string): readonly Job['request'][] =>
      [...(current ? [current.job] : []), ...waiting]
        .map(({ request }) => request)
        .filter((request) => request.grant === grant),
    /** Removes the waiting jobs of this grant without telling any client. */
    removeWaiting(grant: string): void {
      waiting = waiting.filter(({ request }) => request.grant !== grant);
    },
    /** Interrupts the job that runs, and aborts the jobs that wait or come later. Resolves when no job runs any more. */
    async close(reason: unknown): Promise<void> {
      open = false;
      current?.controller.abort(reason);
      abortAll(takeAbortable());
      await work;
    },
  };
}
