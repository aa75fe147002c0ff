import type { Request, RetainPolicy } from '../server/backend.js';

/** A request in the gate: an execution, or a message of a comm, which only keeps its place. */
export interface GatedRequest {
  readonly request: Request;
  readonly isExecution: boolean;
}

/** What the gate has done. */
export interface ExecutionGateOptions {
  /** Sends a request to the inner kernel; returns its id there, or undefined if it was not sent after all. */
  readonly enter: (request: Request) => string | undefined;
  /** Answers an execution that must not run, because an earlier one of the same identity failed. */
  readonly abort: (request: Request) => void;
  readonly interrupt: () => void;
}

/** Keeps executions of clients whose access can be revoked outside the kernel until it is their turn: what is inside cannot be recalled. */
export interface ExecutionGate {
  /** Nothing waits, and no execution is in the kernel. */
  readonly isEmpty: boolean;
  /** Whether {@link MAX_WAITING} requests of this identity wait. */
  isFull(identity: string): boolean;
  add(gated: GatedRequest): void;
  /** The kernel says that it works on the execution with this id. */
  busy(innerId: string): void;
  /** The kernel says on iopub that it has done so. */
  idle(innerId: string): void;
  /** The kernel has replied. Called before the client is told: that can let its next request in. */
  replied(innerId: string, failed: boolean): void;
  /** True while an execution of this identity runs. */
  isRunning(identity: string): boolean;
  /** As {@link Backend.cancelRequests}. */
  cancel(grant: string, retain: RetainPolicy): void;
  /** Forgets everything. */
  clear(): void;
}

/** Maximum number of waiting requests of one identity, as for a kernel of our own. */
export const MAX_WAITING = 10_000;
/**
 * Milliseconds after one of reply and idle in which the other is waited for. Both come from a kernel that behaves; idle is lost where a
 * PUB socket was full.
 */
const OTHER_END = 1_000;
/**
 * Milliseconds until a cancelled execution that goes on is interrupted again: doubled each time, up to the maximum. ipykernel says that it is
 * busy some milliseconds before it heeds SIGINT.
 */
const FIRST_PAUSE = 20;
const MAX_PAUSE = 1_000;

interface Execution {
  readonly request: Pick<Request, 'identity' | 'grant'>;
  readonly stopsOnError: boolean;
  isBusy: boolean;
  isIdle: boolean;
  isReplied: boolean;
  isCancelled: boolean;
  /** Until it counts as ended. */
  ending?: NodeJS.Timeout;
  /** Until it is interrupted again. */
  interrupting?: NodeJS.Timeout;
}

/** An empty gate. */
export function createExecutionGate({ enter, abort, interrupt }: ExecutionGateOptions): ExecutionGate {
  let waiting: GatedRequest[] = [];
  /** The executions in the kernel, by their ids there. */
  const inside = new Map<string, Execution>();

  /** Kernels abort all that they hold when an execution fails, of any sender: an execution of another identity is never inside. */
  const mayEnter = ({ request, isExecution }: GatedRequest): boolean => {
    const [first] = inside.values();
    return !isExecution || first === undefined || (!request.isRevocable && first.request.identity === request.identity);
  };
  const send = ({ request, isExecution }: GatedRequest): void => {
    const id = enter(request);
    if (id === undefined || !isExecution) return;
    const { identity, grant, message } = request;
    const stopsOnError = message.content['stop_on_error'] !== false;
    const own = { identity, grant };
    inside.set(id, { request: own, stopsOnError, isBusy: false, isIdle: false, isReplied: false, isCancelled: false });
  };
  const sendWaiting = (): void => {
    for (let [first] = waiting; first !== undefined && mayEnter(first); [first] = waiting) {
      waiting.shift();
      // It may have waited for hours, and its sender may have lost the right.
      if (first.request.isPermitted()) send(first);
    }
  };
  const end = (id: string, execution: Execution): void => {
    clearTimeout(execution.ending);
    clearTimeout(execution.interrupting);
    if (inside.get(id) !== execution) return;
    inside.delete(id);
    sendWaiting();
  };
  const settle = (id: string, execution: Execution): void => {
    if (execution.isIdle && execution.isReplied) return end(id, execution);
    execution.ending ??= setTimeout(() => end(id, execution), OTHER_END).unref();
  };
  const isRunning = ({ isBusy, isIdle, isReplied }: Execution): boolean => isBusy && !isIdle && !isReplied;

  const stop = (execution: Execution, pause = FIRST_PAUSE): void => {
    if (!isRunning(execution)) return;
    interrupt();
    const again = (): void => stop(execution, Math.min(pause * 2, MAX_PAUSE));
    execution.interrupting = setTimeout(again, pause).unref();
  };

  return {
    get isEmpty() {
      return waiting.length === 0 && inside.size === 0;
    },
    isFull: (identity) =>
      waiting.length >= MAX_WAITING &&
      waiting.filter(({ request }) => request.identity === identity).length >= MAX_WAITING,
    add(gated) {
      if (waiting.length === 0 && mayEnter(gated)) send(gated);
      else waiting.push(gated);
    },
    busy(id) {
      const execution = inside.get(id);
      if (execution === undefined || execution.isBusy) return;
      execution.isBusy = true;
      if (execution.isCancelled) stop(execution);
    },
    idle(id) {
      const execution = inside.get(id);
      if (execution === undefined || !execution.isBusy) return;
      execution.isIdle = true;
      settle(id, execution);
    },
    replied(id, failed) {
      const execution = inside.get(id);
      if (execution === undefined) return;
      execution.isReplied = true;
      if (failed && execution.stopsOnError) {
        const { identity } = execution.request;
        const isAborted = ({ request, isExecution }: GatedRequest): boolean =>
          isExecution && request.identity === identity;
        const aborted = waiting.filter(isAborted);
        waiting = waiting.filter((gated) => !isAborted(gated));
        for (const { request } of aborted) abort(request);
      }
      settle(id, execution);
    },
    isRunning: (identity) =>
      [...inside.values()].some((execution) => execution.request.identity === identity && isRunning(execution)),
    cancel(grant, retain) {
      if (retain !== 'everything') waiting = waiting.filter(({ request }) => request.grant !== grant);
      if (retain !== 'nothing') return sendWaiting();
      for (const execution of inside.values()) {
        if (execution.request.grant !== grant || execution.isCancelled) continue;
        execution.isCancelled = true;
        stop(execution);
      }
      sendWaiting();
    },
    clear() {
      waiting = [];
      for (const { ending, interrupting } of inside.values()) {
        clearTimeout(ending);
        clearTimeout(interrupting);
      }
      inside.clear();
    },
  };
}
