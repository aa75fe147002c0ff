import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { KernelPlan } from './kernel-run.js';
import type { ProcessEnd } from '../../launch/process-launcher.js';
import { describeEnd } from '../../launch/diagnose-start.js';

/** Whether a kernel can be used. */
export type KernelState = 'ready' | 'restarting' | 'dead' | 'closed';

/** The error for a kernel whose process ended by itself. */
export function kernelDiedError({ id, spec }: KernelPlan, ended: ProcessEnd): CurveKernelError {
  return new CurveKernelError('kernel-died', `The kernel "${spec.name}" died: it ended ${describeEnd(ended)}.`, {
    hint: 'Restart it; what it printed last may tell why.',
    data: { id, ...ended },
  });
}

/** The error for what cannot be asked of a kernel in this state. */
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

/** What made a new start impossible, as one of our errors. */
export function asKernelError(error: unknown): CurveKernelError {
  if (isCurveKernelError(error)) return error;
  return new CurveKernelError('kernel-died', `The kernel cannot be started: ${String(error)}`, {
    hint: 'Restart it.',
    cause: error,
  });
}
