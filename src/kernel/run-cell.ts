import { setTimeout as sleep } from 'node:timers/promises';
import { CurveKernelError } from '../errors.js';
import type { JsonObject, Message } from '../protocol/message.js';
import { knownMember } from '../protocol/encoded-object.js';
import type { Request } from '../server/backend.js';
import { errorContent, reportError } from '../server/messages/error-report.js';
import { reply } from '../server/messages/reply.js';
import { flagField, textField, textsField } from '../protocol/json-fields.js';
import { definedOnly } from '../support/defined-only.js';
import { orAborted } from '../support/abort.js';
import { openCellContext } from './cell-context.js';
import type { JobEnd } from './execute-queue.js';
import type { ExecutionContext } from './execution-context.js';
import type { CellContext, ExecuteOutcome, ExecuteRequest } from './language.js';

/**
 * Milliseconds between a failure and its reply. A request that arrives in between was sent without knowledge of the failure, such as the
 * rest of "run all" on its way through the network, and is aborted; one that is sent after the reply is not.
 */
const SETTLE_DELAY = 5;

/** Runs an `execute_request` from busy to its outcome. Calling `sendReply` of the result ends it, up to idle. */
export async function runCell(context: ExecutionContext, request: Request, signal: AbortSignal): Promise<JobEnd> {
  const { origin, status } = context;
  const { header } = request.message;
  const started = (origin.now?.() ?? new Date()).toISOString();
  const end = (abortWaiting: boolean, content: JsonObject, metadata?: JsonObject): JobEnd => ({
    abortWaiting,
    sendReply() {
      reply(origin, request, content, metadata);
      status.end(header);
    },
  });
  status.beginRunning(header);
  try {
    const { execution, stopOnError } = parseExecuteRequest(request.message);
    const content = await execute(context, request, execution, signal);
    const stop = content['status'] === 'error' && stopOnError;
    // A client that interrupts has seen the cell run: the requests sent along with it have arrived.
    if (stop && !signal.aborted) await sleep(SETTLE_DELAY);
    return end(stop, content, { started, status: content['status'] ?? null });
  } catch (error) {
    return end(false, errorContent(reportError(error)));
  }
}

/** Replies to an `execute_request` that must not run: an earlier one failed, or the kernel ends. */
export function abortCell({ origin, status }: ExecutionContext, request: Request): void {
  const { header } = request.message;
  status.begin(header);
  reply(origin, request, { status: 'aborted' }, { status: 'aborted' });
  status.end(header);
}

/**
 * Parses the request as the protocol says: silent code is never stored.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute | Execute}
 * @throws CurveKernelError 'message-malformed'
 */
function parseExecuteRequest({ content, metadata }: Message) {
  const silent = flagField(content, 'silent', false);
  const cellId = metadata['cellId'];
  const execution: Omit<ExecuteRequest, 'executionCount'> = {
    code: textField(content, 'code'),
    silent,
    storeHistory: !silent && flagField(content, 'store_history', true),
    userExpressions: textsField(content, 'user_expressions'),
    allowStdin: flagField(content, 'allow_stdin', false),
    ...definedOnly({ cellId: typeof cellId === 'string' ? cellId : undefined }),
  };
  return { execution, stopOnError: !silent && flagField(content, 'stop_on_error', true) };
}

/** From `execute_input` to the content of the reply; whatever the language does, there is one. */
async function execute(
  context: ExecutionContext,
  request: Request,
  execution: Omit<ExecuteRequest, 'executionCount'>,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { history, inputs, iopub } = context;
  const { header } = request.message;
  const { code, silent, storeHistory } = execution;
  const executionCount = storeHistory ? history.record(code) : history.count;
  if (!silent) iopub.publishSoon(header, 'execute_input', { code, execution_count: executionCount });
  inputs.noteRun(request.identity);
  const open = openCellContext(context, request, signal, {
    ...execution,
    executionCount,
    onResult(data, metadata) {
      const text = knownMember(data, 'text/plain');
      if (!storeHistory || typeof text !== 'string') return;
      history.setOutput(executionCount, { text, msgType: 'execute_result', identity: request.identity, metadata });
    },
  });
  const outcome = await runInLanguage(context, { ...execution, executionCount }, open.cell);
  open.end();
  const always = { execution_count: executionCount, payload: [], user_expressions: {} };
  if (outcome.status === 'ok') {
    const { payload = [], userExpressions = {} } = outcome;
    return { ...always, status: 'ok', payload, user_expressions: userExpressions };
  }
  open.cell.error(outcome);
  return { ...always, ...errorContent(outcome) };
}

async function runInLanguage(
  { language, ready }: ExecutionContext,
  execution: ExecuteRequest,
  cell: CellContext,
): Promise<ExecuteOutcome> {
  try {
    const starting = ready();
    if (starting !== undefined) await orAborted(cell.signal, starting);
    const outcome: Partial<ExecuteOutcome> | undefined = await language.execute(execution, cell);
    if (isOutcome(outcome)) return outcome;
    throw new CurveKernelError(
      'language-failed',
      'The language says neither that the cell succeeded nor that it failed.',
      { hint: 'This is a fault in the kernel: report it to its author.' },
    );
  } catch (error) {
    return { status: 'error', ...reportError(error) };
  }
}

const isOutcome = (outcome: Partial<ExecuteOutcome> | undefined): outcome is ExecuteOutcome =>
  outcome?.status === 'ok' || outcome?.status === 'error';
