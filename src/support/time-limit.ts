import { CurveKernelError } from '../errors.js';

/**
 * What `work` resolves to, if it does so within `limit` milliseconds. Work that goes on longer is not stopped, only not
 * waited for.
 *
 * @throws CurveKernelError 'language-failed' after the limit, or whatever `work` rejects with before
 */
export async function withinTime<T>(limit: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = 'Interrupt the kernel, or restart it if that does not help.';
      reject(new CurveKernelError('language-failed', `${what} took longer than ${limit / 1000} s.`, { hint }));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
