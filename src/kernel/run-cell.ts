import { setTimeout as sleep } from 'node:timers/promises';
import { CurveKernelError } from '../errors.js';
import type { JsonObject } from '../protocol/message.js';
import { knownMember } from '../protocol/encoded-object.js';
import type { Request } from '../server/backend.js';
import { openCell } from './cell.js';
import type { Desk } from './execution-context.js';
import { errorContent, reportError } from '../server/messages/error-report.js';
import type { JobEnd } from './execute-queue.js';
import { readExecuteRequest, type ExecuteWish } from './execute-request.js';
import type { Cell, ExecuteOutcome, ExecuteRequest } from './language.js';
import { reply } from '../server/messages/reply.js';
import { orAborted } from '../support/abort.js';

/**
 * Milliseconds between a failure and its reply. What arrives in between was sent by somebody who did not know of the failure,
 * such as the rest of "run all" on its way through the network, and is aborted; what is sent after the reply is not.
 */
const SETTLE = 5;

/** Runs an `execute_request` from busy on; what it resolves to says the rest, up to idle. */
export async function runCell(desk: Desk, request: Request, signal: AbortSignal): Promise<JobEnd> {
  const { origin, status } = desk;
  const { header } = request.message;
  const started = (origin.now?.() ?? new Date()).toISOString();
  const end = (abortWaiting: boolean, content: JsonObject, metadata?: JsonObject): JobEnd => ({
    abortWaiting,
    tell() {
      reply(origin, request, content, metadata);
      status.end(header);
    },
  });
  status.beginRunning(header);
  try {
    const { execution, stopOnError } = readExecuteRequest(request.message);
    const content = await execute(desk, request, execution, signal);
    const stop = content['status'] === 'error' && stopOnError;
    // Who interrupts has seen the cell run: what was sent along with it has arrived.
    if (stop && !signal.aborted) await sleep(SETTLE);
    return end(stop, content, { started, status: content['status'] ?? null });
  } catch (error) {
    return end(false, errorContent(reportError(error)));
  }
}

/** Gives an `execute_request` that must not run its reply: an earlier one failed, or the kernel ends. */
export function abortCell({ origin, status }: Desk, request: Request): void {
  const { header } = request.message;
  status.begin(header);
  reply(origin, request, { status: 'aborted' }, { status: 'aborted' });
  status.end(header);
}

/** From execute_input to the content of the reply; whatever the language does, there is one. */
async function execute(
  desk: Desk,
  request: Request,
  wish: ExecuteWish['execution'],
  signal: AbortSignal,
): Promise<JsonObject> {
  const { history, iopub } = desk;
  const { header } = request.message;
  const executionCount = wish.storeHistory ? history.record(wish.code) : history.count;
  if (!wish.silent) {
    iopub.publishSoon(header, 'execute_input', { code: wish.code, execution_count: executionCount });
  }
  desk.inputs.noteRun(request.identity);
  const open = openCell({
    ...wish,
    request,
    signal,
    iopub,
    inputs: desk.inputs,
    executionCount,
    onResult(data, metadata) {
      const text = knownMember(data, 'text/plain');
      if (!wish.storeHistory || typeof text !== 'string') return;
      history.setOutput(executionCount, { text, msgType: 'execute_result', identity: request.identity, metadata });
    },
  });
  const outcome = await runInLanguage(desk, { ...wish, executionCount }, open.cell);
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
  { language, ready }: Desk,
  execution: ExecuteRequest,
  cell: Cell,
): Promise<ExecuteOutcome> {
  try {
    await orAborted(cell.signal, ready());
    const outcome: Partial<ExecuteOutcome> | undefined = await language.execute(execution, cell);
    if (isOutcome(outcome)) return outcome;
    throw new CurveKernelError(
      'language-failed',
      'the language says neither that the cell succeeded nor that it failed',
      {
        hint: 'this is a fault in the kernel',
      },
    );
  } catch (error) {
    return { status: 'error', ...reportError(error) };
  }
}

const isOutcome = (outcome: Partial<ExecuteOutcome> | undefined): outcome is ExecuteOutcome =>
  outcome?.status === 'ok' || outcome?.status === 'error';
