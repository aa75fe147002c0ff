import { CurveKernelError } from '../errors.js';
import { definedOnly } from '../support/defined-only.js';
import { UNREADABLE } from '../manager/client/unreadable-message.js';
import type { CellEnd } from './execute-cell.js';
import { toObject } from './exact-content.js';

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
export function interruptedError({ cell, position }: FailureContext): CurveKernelError {
  return new CurveKernelError('interrupted', `The run was interrupted at ${nameOf({ cell, position })}.`, {
    hint: 'Run the notebook again; the result holds the outputs up to here.',
    data: { cell },
  });
}

/** Names a cell by its position in the notebook and, if it differs, by its position among the cells that run, which a progress bar shows. */
function nameOf({ cell, position }: FailureContext): string {
  return position === cell + 1 ? `cell ${cell + 1}` : `cell ${cell + 1} (code cell ${position})`;
}

/** The error for the end of a cell; undefined when it succeeded. The text of an exception is in the outputs, never in the error. */
export function describeFailure(end: CellEnd, context: FailureContext): CurveKernelError | undefined {
  const { cell, timeout } = context;
  const name = nameOf(context).replace(/^c/, 'C'); // begins a sentence
  const data = { cell };
  switch (end.reason) {
    case 'answered':
      return describeReply(end, name, data);
    case 'aborted':
      return interruptedError(context);
    case 'timeout':
      return new CurveKernelError('cell-timeout', `${name} did not end within ${(timeout ?? 0) / 1000} s.`, {
        hint: 'Give cells more time, or make this one faster; it was interrupted.',
        data,
      });
    case 'lost':
    default:
      return new CurveKernelError(
        'kernel-died',
        `The kernel died, restarted or was lost while ${nameOf(context)} ran.`,
        {
          hint: 'Check whether the cell ends the kernel, for example by using too much memory, and run the notebook again.',
          data,
        },
      );
  }
}

function describeReply(
  { reply }: CellEnd,
  name: string,
  data: { readonly cell: number },
): CurveKernelError | undefined {
  // Some kernels leave out the status, or fields of an error.
  const { status, ename: raised, evalue: value, traceback } = toObject(reply?.content);
  const ename = typeof raised === 'string' ? raised : undefined;
  const evalue = typeof value === 'string' ? value : '';
  if (status !== 'error' && status !== 'aborted' && status !== 'abort') return undefined;
  if (status === 'error' && Array.isArray(traceback) && traceback.length === 0) {
    // A refusal was never run: it has no traceback, and no output that could be read.
    if (ename === 'NotPermitted') {
      return new CurveKernelError('not-permitted', `${name} was refused: ${evalue.slice(0, 200).replace(/\.$/, '')}.`, {
        hint: 'Ask an admin of the kernel for a role with this right.',
        data,
      });
    }
    if (ename === UNREADABLE) {
      return new CurveKernelError(
        'message-unreadable',
        `${name} lost output or its end: ${evalue.slice(0, 400).replace(/\.$/, '')}.`,
        {
          hint: 'Update the kernel, or report the problem to its developers.',
          data,
        },
      );
    }
  }
  return new CurveKernelError(
    'cell-failed',
    status === 'error' ? `${name} raised ${ename ?? 'an error'}.` : `${name} was aborted by the kernel.`,
    {
      hint: 'Read the error in the outputs of the cell. To continue after errors, allow them or tag the cell raises-exception.',
      data: { ...data, ...(status === 'error' && definedOnly({ ename })) },
    },
  );
}
