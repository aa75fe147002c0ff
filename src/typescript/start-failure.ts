/** Why there is no evaluator. */
import { CurveKernelError } from '../errors.js';
import type { Ending } from './evaluator-process.js';

/** The error for a process that ended before it was ready: 'evaluator-failed', with what it said last as the hint. */
export function startFailure({ code, signal, reason }: Ending, output: string): CurveKernelError {
  const how = reason ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
  return new CurveKernelError('evaluator-failed', `the process that runs cells ended before it was ready: ${how}`, {
    hint: output.trim() === '' ? 'Check the Node binary and its arguments.' : `It said: ${output.trim().slice(-1000)}`,
  });
}
