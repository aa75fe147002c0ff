import { CurveKernelError, type ErrorCode } from '../errors.js';
import { definedOnly } from '../support/defined-only.js';
import { UNREADABLE } from '../transport/client/unreadable-message.js';
import type { CellEnd } from './execute-cell.js';
import { toObject } from './check-shape.js';

/** The cell that failed. */
export interface FailureContext {
  /** Index of the cell in the notebook. */
  readonly cell: number;
  /** Position among the cells that run, from 1. */
  readonly position: number;
  /** Maximum run time of the cell in milliseconds. */
  readonly timeout?: number | undefined;
}

/** The error of a run that was interrupted. */
export function interruptedError(context: FailureContext): CurveKernelError {
  return new CurveKernelError('interrupted', `The run was interrupted at ${nameOf(context)}.`, {
    hint: 'Run the notebook again; the result holds the outputs up to here.',
    data: { cell: context.cell },
  });
}

/** Names a cell by its position in the notebook and, if it differs, by its position among the cells that run, which a progress bar shows. */
function nameOf({ cell, position }: FailureContext): string {
  return position === cell + 1 ? `cell ${cell + 1}` : `cell ${cell + 1} (code cell ${position})`;
}

/** The error for the end of a cell; undefined when it succeeded. The text of an exception is in the outputs, never in the error. */
export function describeFailure({ reason, reply }: CellEnd, context: FailureContext): CurveKernelError | undefined {
  const name = nameOf(context).replace(/^c/, 'C'); // begins a sentence
  const failure = (code: ErrorCode, message: string, hint: string, data: object = {}): CurveKernelError =>
    new CurveKernelError(code, message, { hint, data: { cell: context.cell, ...data } });
  if (reason === 'aborted') return interruptedError(context);
  if (reason === 'timeout') {
    return failure(
      'cell-timeout',
      `${name} did not end within ${(context.timeout ?? 0) / 1000} s.`,
      'Give cells more time, or make this one faster; it was interrupted.',
    );
  }
  if (reason === 'lost') {
    return failure(
      'kernel-died',
      `The kernel died, restarted or was lost while ${nameOf(context)} ran.`,
      'Check whether the cell ends the kernel, for example by using too much memory, and run the notebook again.',
    );
  }
  // Some kernels leave out the status, or fields of an error.
  const { status, ename, evalue, traceback } = toObject(reply?.content);
  const quoted = (most: number): string => (typeof evalue === 'string' ? evalue : '').slice(0, most).replace(/\.$/, '');
  if (status !== 'error' && status !== 'aborted' && status !== 'abort') return undefined;
  // A refusal was never run: it has no traceback, and no output that could be read.
  const isRefusal = status === 'error' && Array.isArray(traceback) && traceback.length === 0;
  if (isRefusal && ename === 'NotPermitted') {
    return failure(
      'not-permitted',
      `${name} was refused: ${quoted(200)}.`,
      'Ask an admin of the kernel for a role with this right.',
    );
  }
  if (isRefusal && ename === UNREADABLE) {
    return failure(
      'message-unreadable',
      `${name} lost output or its end: ${quoted(400)}.`,
      'Update the kernel, or report the problem to its developers.',
    );
  }
  const raised = typeof ename === 'string' ? ename : undefined;
  return failure(
    'cell-failed',
    status === 'error' ? `${name} raised ${raised ?? 'an error'}.` : `${name} was aborted by the kernel.`,
    'Read the error in the outputs of the cell. To continue after errors, allow them or tag the cell raises-exception.',
    status === 'error' ? definedOnly({ ename: raised }) : {},
  );
}
