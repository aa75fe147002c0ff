import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { errorMessage } from '../../support/system-error.js';
import type { KernelPlan } from './kernel-run.js';
import type { ProcessEnd } from '../../launch/process-launcher.js';
import { describeEnd } from '../../launch/diagnose-start.js';

/** State of a kernel; only `ready` can be used. */
export type KernelState = 'ready' | 'restarting' | 'dead' | 'closed';

/** The error for a kernel whose process ended by itself. */
export function kernelDiedError({ id, spec }: KernelPlan, ended: ProcessEnd): CurveKernelError {
  return new CurveKernelError('kernel-died', `The kernel "${spec.name}" died: it ended ${describeEnd(ended)}.`, {
    hint: 'Restart it; its last output may explain the death.',
    data: { id, ...ended },
  });
}

/** The error for a request to a kernel in this state. */
export function kernelUnavailableError({ id, spec }: KernelPlan, state: KernelState): CurveKernelError {
  return state === 'closed'
    ? new CurveKernelError('kernel-unknown', `The kernel "${spec.name}" was shut down.`, {
        hint: 'Start another one.',
        data: { id },
      })
    : new CurveKernelError('kernel-died', `The kernel "${spec.name}" is ${state}.`, {
        hint: 'Wait for it, or restart it.',
        data: { id },
      });
}

/** Wraps an error of a restart that is none of this package. */
export function asKernelError(error: unknown): CurveKernelError {
  if (isCurveKernelError(error)) return error;
  return new CurveKernelError(
    'kernel-died',
    `The kernel cannot be started: ${errorMessage(error).replace(/\.$/, '')}.`,
    {
      hint: 'Restart it.',
      cause: error,
    },
  );
}
