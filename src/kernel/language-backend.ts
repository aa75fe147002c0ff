import { CurveKernelError } from '../errors.js';
import type { MessageOrigin } from '../protocol/create-message.js';
import type { Backend, CloseReason, Outlet, Request } from '../server/backend.js';
import { controlRequests } from './control-requests.js';
import type { Desk } from './execution-context.js';
import { errorContent, report } from '../server/messages/error-report.js';
import { createExecuteQueue, MOST_WAITING } from './execute-queue.js';
import { createHistory } from './history.js';
import { createInputRequests } from './input-requests.js';
import { createIopub } from './iopub.js';
import type { Language } from './language.js';
import { languageRequests } from './language-requests.js';
import { answer, refuseUnknown, type Handler } from '../server/messages/reply.js';
import { abortCell, runCell } from './run-cell.js';
import { runComm } from './run-comm.js';
import { startOnce } from '../support/start-once.js';
import { createStatus } from './status.js';
import { withinTime } from './time-limit.js';

/** How the language's kernel introduces itself, and whom it tells of faults that no client asked about. */
export interface LanguageBackendOptions {
  readonly origin: MessageOrigin;
  /** Starts the language, or waits until it has started; see {@link startOnce}. */
  readonly ready?: () => Promise<void>;
  readonly onFailure?: (error: unknown) => void;
  /** Milliseconds that the language has to close; 2,000 by default. */
  readonly closeLimit?: number;
}

const COMM_TYPES = new Set(['comm_open', 'comm_msg', 'comm_close']);

/**
 * A language as what stands behind the listeners. Code runs in the order of its requests; whatever only asks is answered at
 * once; nothing that a client sends or the language does leaves a request without its reply and its idle.
 */
export function openLanguageBackend(language: Language, outlet: Outlet, options: LanguageBackendOptions): Backend {
  const {
    origin,
    ready = startOnce(async () => language.start?.()),
    onFailure = () => undefined,
    closeLimit = 2_000,
  } = options;
  const iopub = createIopub(origin, (message) => outlet.publish(message));
  const queue = createExecuteQueue();
  const closing = new AbortController();
  const desk: Desk = {
    language,
    ready,
    origin,
    iopub,
    inputs: createInputRequests(origin),
    status: createStatus(iopub),
    history: createHistory(),
  };

  const interrupt = async (): Promise<void> => {
    queue.interrupt(interrupted('the kernel was interrupted'));
    await language.interrupt?.();
  };
  const handlers = new Map<string, Handler>([
    ...languageRequests(desk, closing.signal),
    ...controlRequests(desk, { interrupt, closing: closing.signal }),
  ]);

  const enqueue = (request: Request): void => {
    if (queue.isFull(request.identity)) return void answerAtOnce(request, refuseMore);
    const isCell = request.message.header.msg_type === 'execute_request';
    const run = isCell ? runCell : runComm;
    queue.add({
      request,
      // It may have waited for hours, and its sender may have lost the right to it.
      run: async (signal) => (request.isPermitted() ? run(desk, request, signal) : undefined),
      ...(isCell && { abort: () => abortCell(desk, request) }),
    });
  };
  const answerAtOnce = async (request: Request, handler: Handler): Promise<void> => {
    await answer(origin, desk.status, request, handler);
    if (handler === handlers.get('shutdown_request')) {
      outlet.end(request.message.content['restart'] === true ? 'restart' : 'shutdown');
    }
  };

  ready().catch(() => undefined); // The first execution tries again, and tells.

  return {
    begin: () => desk.status.starting(),
    receive(request) {
      const { msg_type: type, subshell_id: subshell } = request.message.header;
      if (type === 'input_reply') return desk.inputs.receive(request) ? undefined : request.disregard();
      if (type.endsWith('_reply')) return request.disregard();
      const misplaced = request.channel === 'stdin' || (request.channel === 'shell' && (subshell ?? '') !== '');
      if (misplaced) void answerAtOnce(request, request.channel === 'stdin' ? refuseUnknown : refuseSubshell);
      else if (type === 'execute_request' || COMM_TYPES.has(type)) enqueue(request);
      else void answerAtOnce(request, handlers.get(type) ?? refuseUnknown);
    },
    interrupt: () => void interrupt().catch(onFailure),
    isRunning: (identity) => queue.running?.identity === identity,
    forget(grant, spared) {
      desk.inputs.forget(queue.askedBy(grant));
      if (spared !== 'everything') queue.forget(grant);
      if (queue.running?.grant === grant && spared === 'nothing') void interrupt().catch(onFailure);
    },
    async close(reason) {
      closing.abort(interrupted('the kernel is shutting down'));
      const idle = queue.close(closing.signal.reason);
      await closeLanguage(language, reason, closeLimit).catch(onFailure);
      await withinTime(closeLimit, 'the end of the running cell', idle).catch(onFailure);
      iopub.close();
    },
  };
}

async function closeLanguage(language: Language, reason: CloseReason, limit: number): Promise<void> {
  const close = async (): Promise<void> => language.close?.(reason);
  await withinTime(limit, 'the end of the language', close());
}

/** Subshells (JEP 91) are not advertised, so a request for one is answered, and by nobody else. */
const refuseSubshell: Handler = ({ message }) =>
  errorContent(report('UnknownSubshell', `this kernel has no subshell ${String(message.header.subshell_id)}`));

const refuseMore: Handler = () =>
  errorContent(report('TooManyRequests', `${MOST_WAITING} requests of yours wait already, and that is the most`));

function interrupted(message: string): CurveKernelError {
  return new CurveKernelError('interrupted', message, { hint: 'run the cell again when you want to' });
}
