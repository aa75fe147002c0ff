import { CurveKernelError } from '../errors.js';
import { UNREADABLE } from '../manager/client/unreadable-message.js';
import type { CellEnd } from './execute-cell.js';
import { toObject } from './exact-content.js';

/** Where it happened. */
export interface FailureContext {
  /** Index of the cell in the notebook. */
  readonly cell: number;
  /** Which it is of the cells that run, from 1 on. */
  readonly position: number;
  /** Milliseconds that the cell had. */
  readonly timeout?: number | undefined;
}

/** The error of a run that was interrupted. */
export function interruptedError({ cell, position }: FailureContext): CurveKernelError {
  return new CurveKernelError('interrupted', `the run was interrupted at ${nameOf({ cell, position })}`, {
    hint: 'Run the notebook again; the result holds the outputs up to here.',
    data: { cell },
  });
}

/** By its place in the notebook, and by that among the cells that run, where they differ: a bar shows the latter. */
function nameOf({ cell, position }: FailureContext): string {
  return position === cell + 1 ? `cell ${cell + 1}` : `cell ${cell + 1} (code cell ${position})`;
}

/** The error for how a cell ended; undefined when it ended well. What the cell raised is in its outputs, never in the error. */
export function describeFailure(end: CellEnd, context: FailureContext): CurveKernelError | undefined {
  const { cell, timeout } = context;
  const name = nameOf(context);
  const data = { cell };
  switch (end.reason) {
    case 'answered':
      return describeReply(end, name, data);
    case 'aborted':
      return interruptedError(context);
    case 'timeout':
      return new CurveKernelError('cell-timeout', `${name} did not end within ${(timeout ?? 0) / 1000} s`, {
        hint: 'Give cells more time, or make this one faster; it was interrupted.',
        data,
      });
    case 'lost':
    default:
      return new CurveKernelError('kernel-died', `the kernel died, restarted or was lost while ${name} ran`, {
        hint: 'Look for what ends the kernel in this cell, such as too little memory, and run the notebook again.',
        data,
      });
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
      return new CurveKernelError('not-permitted', `${name} was refused: ${evalue.slice(0, 200)}`, {
        hint: 'Ask an admin of the kernel for a role that may.',
        data,
      });
    }
    if (ename === UNREADABLE) {
      return new CurveKernelError('message-unreadable', `${name} lost output or its end: ${evalue.slice(0, 400)}`, {
        hint: 'Report it to those who make the kernel, or update the kernel.',
        data,
      });
    }
  }
  return new CurveKernelError(
    'cell-failed',
    status === 'error' ? `${name} raised ${ename ?? 'an error'}` : `${name} was aborted by the kernel`,
    {
      hint: 'Read the error in the outputs of the cell. To go on after errors allow them, or tag the cell raises-exception.',
      data: { ...data, ...(status === 'error' && ename !== undefined ? { ename } : {}) },
    },
  );
}
