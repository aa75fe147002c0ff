import { afterEach, describe, expect, test } from '@jest/globals';
import { createThrottle, type Throttle } from '#src/relay/throttle.js';
import { eventually } from '../../support/eventually.js';

const MEGABYTE = 2 ** 20;
const events: string[] = [];
let waiting = 0;
let throttle: Throttle;

function start(): void {
  events.length = 0;
  waiting = 0;
  throttle = createThrottle({
    waiting: () => waiting,
    stop: () => void events.push('stop'),
    resume: () => void events.push('resume'),
  });
}
afterEach(() => throttle.release());

describe('a kernel', () => {
  test('is stopped while much waits, until little does', async () => {
    start();
    waiting = 7 * MEGABYTE;
    throttle.check();
    expect(events).toEqual([]);
    waiting = 9 * MEGABYTE;
    throttle.check();
    throttle.check();
    expect(events).toEqual(['stop']);
    expect(throttle.isHeld).toBe(true);
    waiting = 1 * MEGABYTE;
    await eventually(() => events.length > 1);
    expect(events).toEqual(['stop', 'resume']);
    expect(throttle.isHeld).toBe(false);
  });

  test('goes on when clients take nothing for three seconds, and is stopped again when they have caught up', async () => {
    start();
    waiting = 9 * MEGABYTE;
    throttle.check();
    await eventually(() => events.length > 1);
    expect(events).toEqual(['stop', 'resume']);
    waiting = 30 * MEGABYTE;
    throttle.check();
    expect(events).toHaveLength(2);
    waiting = 0;
    throttle.check();
    waiting = 9 * MEGABYTE;
    throttle.check();
    expect(events).toEqual(['stop', 'resume', 'stop']);
  });

  test('goes on at once for a signal, and is left alone for a moment', () => {
    start();
    waiting = 9 * MEGABYTE;
    throttle.check();
    throttle.release();
    throttle.check();
    expect(events).toEqual(['stop', 'resume']);
  });
});
