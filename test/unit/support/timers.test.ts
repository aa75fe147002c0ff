import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { settlesWithin, startTimer, withTimeout } from '#src/support/timers.js';

const DAY = 86_400_000;
const never = new Promise<never>(() => undefined);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('startTimer', () => {
  test.each([20, 30 * DAY, 100 * DAY])('fires once after %d ms', (milliseconds) => {
    const act = jest.fn();
    startTimer(milliseconds, act);
    jest.advanceTimersByTime(milliseconds - 1);
    expect(act).toHaveBeenCalledTimes(0);
    jest.advanceTimersByTime(1);
    expect(act).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([0, -5])('fires at once after %d ms', (milliseconds) => {
    const act = jest.fn();
    startTimer(milliseconds, act);
    jest.advanceTimersByTime(0);
    expect(act).toHaveBeenCalledTimes(1);
  });

  test.each([20, 30 * DAY])('of %d ms does not fire once it is stopped', (milliseconds) => {
    const act = jest.fn();
    const stop = startTimer(milliseconds, act);
    jest.advanceTimersByTime(milliseconds - 1);
    stop();
    jest.advanceTimersByTime(DAY);
    expect(act).not.toHaveBeenCalled();
  });

  test('never fires after Infinity, and then keeps no process alive', () => {
    startTimer(Infinity, () => undefined)();
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('withTimeout', () => {
  test('gives the result of the work, and leaves no timer behind', async () => {
    await expect(withTimeout(Promise.resolve('done'), 20, () => 'late')).resolves.toBe('done');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('rejects as the work does', async () => {
    await expect(withTimeout(Promise.reject(new Error('failed')), 20, () => 'late')).rejects.toThrow('failed');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('gives what is wanted after the time, or throws it', async () => {
    const late = withTimeout(never, 20, () => 'late');
    const thrown = expect(
      withTimeout(never, 20, () => {
        throw new Error('too late');
      }),
    ).rejects.toThrow('too late');
    await jest.advanceTimersByTimeAsync(20);
    await expect(late).resolves.toBe('late');
    await thrown;
  });

  test('of work that fails after the time, nothing is left unhandled', async () => {
    const work = new Promise<never>((_, reject) => setTimeout(reject, 30, new Error('later')));
    const late = withTimeout(work, 20, () => 'late');
    await jest.advanceTimersByTimeAsync(40);
    await expect(late).resolves.toBe('late');
  });
});

test('settlesWithin tells whether work resolves in time', async () => {
  await expect(settlesWithin(Promise.resolve(), 20)).resolves.toBe(true);
  await expect(settlesWithin(Promise.reject(new Error('failed')), 20)).rejects.toThrow('failed');
  const late = settlesWithin(never, 20);
  await jest.advanceTimersByTimeAsync(20);
  await expect(late).resolves.toBe(false);
});
