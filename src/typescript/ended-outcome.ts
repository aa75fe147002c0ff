/** What a cell ends with when its process ends under it. */
import type { ExecuteOutcome } from '../kernel/language.js';
import type { Ending } from './evaluator-process.js';

/** The outcome, in words that say why and what is lost. `exitCode` is given when the cell called `process.exit`. */
export function endedOutcome(ending: Ending, exitCode: number | undefined): ExecuteOutcome {
  const why = exitCode === undefined ? reasonOf(ending) : `process.exit(${exitCode}) was called`;
  const evalue = `The process that runs cells was lost: ${why}. Its variables are gone; the next cell runs in a fresh one.`;
  return {
    status: 'error',
    ename: 'EvaluatorLost',
    evalue,
    traceback: [`\u001B[1;31mEvaluatorLost\u001B[0m: ${evalue}`],
  };
}

function reasonOf({ code, signal, reason }: Ending): string {
  if (reason !== undefined) return reason;
  if (signal === 'SIGKILL') return 'it was killed, perhaps because memory ran out';
  if (signal === 'SIGABRT' || code === 134) return 'it aborted, which out of memory does as well';
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}
