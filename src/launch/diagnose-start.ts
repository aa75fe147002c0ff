import { CurveKernelError, isCurveKernelError } from '../errors.js';
import type { ProcessEnd } from './process-launcher.js';
import { notEnforcedError } from './prove-encryption.js';
import { settlesWithin, startTimer } from '../support/timers.js';

/** Time limits of a start. */
export interface StartLimits {
  /** Remaining time in milliseconds. */
  readonly milliseconds: number;
  /** The whole time in milliseconds, for the error. */
  readonly startTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds to wait for the end of a process after its connection failed: the end explains more than a lost connection. */
const EXIT_TIMEOUT = 300;

/**
 * Waits until a started kernel is ready, and turns every failure into an error that explains it.
 *
 * @param ready Connects to the kernel. Its signal is aborted when the process ends or the time is up.
 * @throws CurveKernelError `kernel-start-failed` when the process ended or its sockets fail, `kernel-start-timeout`,
 *   `encryption-not-enforced` when it does not use its keys; the reason of `signal`.
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
    if (end !== undefined) throw startFailedError(name, end);
    if (over.signal.aborted || isCurveKernelError(error, 'peer-silent'))
      throw startTimeoutError(name, startTimeout, error);
    throw explainSocketError(name, error);
  } finally {
    stop();
  }
}

/** `with status 1` or `by SIGKILL`. */
export function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `with status ${code ?? 'unknown'}` : `by ${signal}`;
}

function startFailedError(name: string, end: ProcessEnd): CurveKernelError {
  const output = end.stderrTail.trim().split('\n').slice(-5).join('\n');
  const last = output === '' ? ' It printed nothing.' : ` It printed at the end:\n${output}`;
  return new CurveKernelError(
    'kernel-start-failed',
    `The kernel "${name}" ended ${describeEnd(end)} during its start.${last}`,
    {
      hint: 'Run the command in its kernel.json by hand to see what is wrong.',
      data: { name, ...end },
    },
  );
}

function startTimeoutError(name: string, startTimeout: number, cause: unknown): CurveKernelError {
  const message = `The kernel "${name}" was not ready within ${Math.round(startTimeout / 100) / 10} s; it was ended.`;
  return new CurveKernelError('kernel-start-timeout', message, {
    hint: 'Give a slow kernel a longer startTimeout; otherwise check that it is a Jupyter kernel, and look at its output.',
    cause,
    data: { name, startTimeout },
  });
}

function explainSocketError(name: string, error: unknown): unknown {
  if (!(error instanceof CurveKernelError) || !error.code.startsWith('peer-')) return error;
  if (error.code === 'peer-plaintext') {
    return notEnforcedError(
      `The kernel "${name}" advertises Curve and was given keys, but talks plain text.`,
      { name },
      error,
    );
  }
  return new CurveKernelError('kernel-start-failed', `The kernel "${name}" cannot be reached: ${error.message}`, {
    hint: error.hint,
    cause: error,
    data: { name },
  });
}
