import { CurveKernelError } from '../errors.js';
import { withTimeout } from '../support/timers.js';

/**
 * Resolves to the result of `work` within `limit` milliseconds. Work that goes on longer is not stopped.
 *
 * @throws CurveKernelError 'language-failed' after the limit; what `work` rejects with before
 */
export async function withinTime<T>(limit: number, what: string, work: Promise<T>): Promise<T> {
  return await withTimeout(work, limit, () => {
    const hint = 'Interrupt the kernel, or restart it if that does not help.';
    throw new CurveKernelError('language-failed', `${what} took longer than ${limit / 1000} s.`, { hint });
  });
}
