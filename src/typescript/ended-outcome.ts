/** What a cell ends with when its process ends under it. */
import type { ExecuteOutcome } from '../kernel/language.js';
import type { Ending } from './evaluator-process.js';

/** What the kernel knows of how a cell came to lose its process. */
export interface Circumstances {
  /** Given when the cell called `process.exit`. */
  readonly exitCode: number | undefined;
  readonly isInterrupted: boolean;
}

/** The outcome, in words that say why and what is lost. */
export function endedOutcome(ending: Ending, circumstances: Circumstances): ExecuteOutcome {
  const why = reasonOf(ending, circumstances);
  const evalue = `The process that runs cells was lost: ${why}. Its variables are gone; the next cell runs in a fresh one.`;
  return {
    status: 'error',
    ename: 'EvaluatorLost',
    evalue,
    traceback: [`\u001B[1;31mEvaluatorLost\u001B[0m: ${evalue}`],
  };
}

function reasonOf({ code, signal, reason }: Ending, { exitCode, isInterrupted }: Circumstances): string {
  if (reason !== undefined) return reason;
  if (exitCode !== undefined) return `process.exit(${exitCode}) was called`;
  if (signal === 'SIGKILL') return 'it was killed, perhaps because memory ran out';
  const isAborted = signal === 'SIGABRT' || code === 134;
  // Node ends so when it finds that a termination has left its bookkeeping undone.
  if (isInterrupted && (isAborted || code === 1)) return 'it was interrupted while async_hooks were in use';
  if (isAborted) return 'it aborted, which out of memory does as well';
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}
