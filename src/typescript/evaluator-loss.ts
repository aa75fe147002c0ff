/** The texts for a process that was lost, and for the cells that lost it. */
import type { ExecuteOutcome } from '../kernel/language.js';
import type { EvaluatorEnd } from './evaluator-process.js';

/** Facts about the loss, beside the end itself. */
export interface LossContext {
  /** Given when a cell called `process.exit`. */
  readonly exitCode?: number | undefined;
  readonly isInterrupted?: boolean;
}

/** The outcome of a cell whose process ended under it. It gives the reason, and the consequences. */
export function lostOutcome(ending: EvaluatorEnd, context: LossContext = {}): ExecuteOutcome {
  const evalue = lossNotice(ending, context);
  const traceback = [`\u001B[1;31mEvaluatorLost\u001B[0m: ${evalue}`];
  return { status: 'error', ename: 'EvaluatorLost', evalue, traceback };
}

/** The notice under the cell that caused the end, when it had ended before. */
export const lossNotice = (ending: EvaluatorEnd, context: LossContext): string =>
  `The process that runs cells was lost: ${reasonOf(ending, context)}. All variables are gone; the next cell runs in a fresh process.`;

/** The notice under the cell that runs next. */
export const lossBeforeNotice = (ending: EvaluatorEnd, context: LossContext): string =>
  `Before this cell, the process that runs cells was lost: ${reasonOf(ending, context)}. All variables of earlier cells are gone.`;

function reasonOf({ code, signal, reason }: EvaluatorEnd, { exitCode, isInterrupted }: LossContext): string {
  if (reason !== undefined) return reason;
  if (exitCode !== undefined) return `process.exit(${exitCode}) was called`;
  if (signal === 'SIGKILL') return 'it was killed (SIGKILL), perhaps because memory ran out';
  const isAborted = signal === 'SIGABRT' || code === 134;
  // Node ends so when it finds that a termination has left its bookkeeping undone.
  if (isInterrupted && (isAborted || code === 1)) return 'it was interrupted while async_hooks were in use';
  const how = signal ?? `exit code ${code}`;
  if (isAborted) return `it aborted (${how}), which out of memory does as well`;
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}
