import { CurveKernelError, isCurveKernelError } from '../errors.js';
import type { ProcessEnd } from './process-launcher.js';
import { notEnforcedError } from './prove-encryption.js';
import { settlesWithin } from '../support/settles-within.js';
import { startTimer } from '../support/start-timer.js';

/** How long a start may take. */
export interface StartLimits {
  /** Milliseconds that are left. */
  readonly milliseconds: number;
  /** Milliseconds there were at first, for the error. */
  readonly startTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds in which a process that is about to end shall do so, since its end says more than a lost connection. */
const EXIT_TIMEOUT = 300;

/**
 * Waits for a kernel that is starting, and turns every way in which that can fail into one error: it ended, it said nothing in
 * time, it does not use its keys, or something else is wrong with its sockets.
 */
export async function diagnoseStart<T>(
  name: string,
  exited: Promise<ProcessEnd>,
  { milliseconds, startTimeout, signal }: StartLimits,
  ready: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let end: ProcessEnd | undefined;
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    end = await exited;
    over.abort();
  };
  const ended = watch();
  const stop = startTimer(milliseconds, () => over.abort());
  try {
    return await ready(AbortSignal.any(signal === undefined ? [over.signal] : [over.signal, signal]));
  } catch (error) {
    signal?.throwIfAborted();
    await settlesWithin(ended, EXIT_TIMEOUT);
    if (end !== undefined) throw startFailed(name, end);
    if (over.signal.aborted || isCurveKernelError(error, 'peer-silent')) throw timedOut(name, startTimeout, error);
    throw socketFailed(name, error);
  } finally {
    stop();
  }
}

/** `with status 1` or `by SIGKILL`. */
export function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `with status ${code ?? 'unknown'}` : `by ${signal}`;
}

function startFailed(name: string, end: ProcessEnd): CurveKernelError {
  const words = end.stderrTail.trim().split('\n').slice(-5).join('\n');
  const last = words === '' ? ' It printed nothing.' : ` Its last words:\n${words}`;
  return new CurveKernelError(
    'kernel-start-failed',
    `The kernel "${name}" ended ${describeEnd(end)} at its start.${last}`,
    {
      hint: 'Run the command of its kernel.json by hand to see what is wrong.',
      data: { name, ...end },
    },
  );
}

function timedOut(name: string, startTimeout: number, cause: unknown): CurveKernelError {
  const message = `The kernel "${name}" runs, and was not ready within ${Math.round(startTimeout / 100) / 10} s; it was ended.`;
  return new CurveKernelError('kernel-start-timeout', message, {
    hint: 'Give a slow kernel a longer startTimeout; otherwise check that it is a Jupyter kernel, and what it prints.',
    cause,
    data: { name, startTimeout },
  });
}

function socketFailed(name: string, error: unknown): unknown {
  if (!(error instanceof CurveKernelError) || !error.code.startsWith('peer-')) return error;
  if (error.code === 'peer-plaintext') {
    return notEnforcedError(
      `The kernel "${name}" advertises Curve, was given keys, and talks plain text.`,
      { name },
      error,
    );
  }
  return new CurveKernelError('kernel-start-failed', `The kernel "${name}" cannot be talked to: ${error.message}`, {
    hint: error.hint,
    cause: error,
    data: { name },
  });
}
