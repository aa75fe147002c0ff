import { deferred } from './deferred.js';
import { startTimer } from './start-timer.js';

/** Whether `promise` resolves within `milliseconds`. The promise itself goes on; its rejection is passed on. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const late = deferred<false>();
  const stop = startTimer(milliseconds, () => late.resolve(false));
  try {
    return await Promise.race([promise.then(() => true), late.promise]);
  } finally {
    stop();
  }
}
