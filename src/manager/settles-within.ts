import { setTimeout as delay } from 'node:timers/promises';

/** Whether `promise` resolves within `milliseconds`. The promise itself goes on; its rejection is passed on. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController();
  const timeout = delay(milliseconds, false, { signal: timer.signal });
  timeout.catch(() => undefined); // aborted below
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    timer.abort();
  }
}
