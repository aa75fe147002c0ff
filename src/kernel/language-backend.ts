import { CurveKernelError } from '../errors.js';
import type { MessageOrigin } from '../protocol/create-message.js';
import type { Backend, Outlet, Request } from '../server/backend.js';
import type { ExecutionContext } from './execution-context.js';
import { errorContent, report } from '../server/messages/error-report.js';
import { createExecuteQueue, MAX_WAITING } from './execute-queue.js';
import { createHistory } from './history.js';
import { createInputRequests } from './input-requests.js';
import { createIopub } from './iopub.js';
import type { Language } from './language.js';
import { requestHandlers } from './request-handlers.js';
import { answer, refuseUnknown, type Handler } from '../server/messages/reply.js';
import { abortCell, runCell } from './run-cell.js';
import { runComm } from './run-comm.js';
import { startOnce } from '../support/start-once.js';
import { createStatus } from './status.js';
import { withinTime } from './time-limit.js';

/** The kernel's name in headers, and the listener for faults that belong to no request. */
export interface LanguageBackendOptions {
  readonly origin: MessageOrigin;
  readonly onFailure?: (error: unknown) => void;
}

/** Milliseconds that the language has to close. */
const CLOSE_TIMEOUT = 2_000;
/** Milliseconds after which the language is started though no client has asked for anything. */
const START_AFTER = 500;

const COMM_TYPES = new Set(['comm_open', 'comm_msg', 'comm_close']);

/**
 * A language as the backend of a kernel. Code runs in the order of its requests; a request that only asks is answered at once; nothing
 * that a client sends or the language does leaves a request without its reply and its idle.
 */
export function openLanguageBackend(language: Language, outlet: Outlet, options: LanguageBackendOptions): Backend {
  const { origin, onFailure = () => undefined } = options;
  const ready = startOnce(async () => language.start?.());
  const iopub = createIopub(origin, (message) => outlet.publish(message));
  const queue = createExecuteQueue();
  const closing = new AbortController();
  const context: ExecutionContext = {
    language,
    ready,
    origin,
    iopub,
    inputs: createInputRequests(origin),
    status: createStatus(iopub),
    history: createHistory(),
  };

  // A front end asks for kernel_info first, and waits: the language's process would take the processor from the answer.
  let startLater: NodeJS.Timeout | undefined;
  const start = (): void => {
    clearTimeout(startLater);
    if (!closing.signal.aborted) ready()?.catch(() => undefined); // The first execution tries again, and reports the failure.
  };

  const interrupt = async (): Promise<void> => {
    queue.interrupt(interruptedError('The kernel was interrupted.'));
    await language.interrupt?.();
  };
  const handlers = requestHandlers(context, interrupt, closing.signal);

  const enqueue = (request: Request): void => {
    if (queue.isFull(request.identity)) return void answerAtOnce(request, refuseMore);
    const isCell = request.message.header.msg_type === 'execute_request';
    const run = isCell ? runCell : runComm;
    queue.add({
      request,
      // It may have waited for hours, and its sender may have lost the right.
      run: async (signal) => (request.isPermitted() ? run(context, request, signal) : undefined),
      ...(isCell && { abort: () => abortCell(context, request) }),
    });
  };
  const answerAtOnce = async (request: Request, handler: Handler): Promise<void> => {
    await answer(origin, context.status, request, handler);
    if (handler === handlers.get('shutdown_request')) {
      outlet.end(request.message.content['restart'] === true ? 'restart' : 'shutdown');
    }
  };

  return {
    begin() {
      context.status.starting();
      startLater = setTimeout(start, START_AFTER);
    },
    receive(request) {
      const { msg_type: type, subshell_id: subshell } = request.message.header;
      if (type === 'input_reply') return context.inputs.receive(request) ? undefined : request.disregard();
      if (type.endsWith('_reply')) return request.disregard();
      const misplaced = request.channel === 'stdin' || (request.channel === 'shell' && (subshell ?? '') !== '');
      if (misplaced) void answerAtOnce(request, request.channel === 'stdin' ? refuseUnknown : refuseSubshell);
      else if (type === 'execute_request' || COMM_TYPES.has(type)) enqueue(request);
      else void answerAtOnce(request, handlers.get(type) ?? refuseUnknown).then(start);
    },
    interrupt: () => void interrupt().catch(onFailure),
    isRunning: (identity) => queue.running?.identity === identity,
    cancelRequests(grant, retain) {
      context.inputs.rejectAll(queue.requestsOf(grant));
      if (retain !== 'everything') queue.removeWaiting(grant);
      if (queue.running?.grant === grant && retain === 'nothing') void interrupt().catch(onFailure);
    },
    async close(reason) {
      clearTimeout(startLater);
      closing.abort(interruptedError('The kernel is shutting down.'));
      const idle = queue.close(closing.signal.reason);
      const closed = (async () => language.close?.(reason))();
      await withinTime(CLOSE_TIMEOUT, 'The end of the language', closed).catch(onFailure);
      await withinTime(CLOSE_TIMEOUT, 'The end of the running cell', idle).catch(onFailure);
      iopub.close();
    },
  };
}

/** Subshells (JEP 91) are not advertised; a request for one is answered all the same. */
const refuseSubshell: Handler = ({ message }) =>
  errorContent(report('UnknownSubshell', `This kernel has no subshell ${String(message.header.subshell_id)}.`));

const refuseMore: Handler = () =>
  errorContent(report('TooManyRequests', `${MAX_WAITING} requests of yours wait already, which is the maximum.`));

function interruptedError(message: string): CurveKernelError {
  return new CurveKernelError('interrupted', message, { hint: 'Run the cell again if you still need it.' });
}
