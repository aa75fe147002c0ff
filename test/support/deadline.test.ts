import { expect, test } from '@jest/globals';
import { deadlineIn, leftUntil } from '#src/support/deadline.js';

const now = { at: 1_000_000, due: 500 };

test.each([
  ['is as far as it was', { at: 1_000_000, due: 500 }, 60_000],
  ['comes nearer by both clocks', { at: 1_010_000, due: 10_500 }, 50_000],
  ['is not put off by a clock that was set back', { at: 0, due: 10_500 }, 50_000],
  ['is not put off by a machine that slept', { at: 1_050_000, due: 1_500 }, 10_000],
  ['is past by either clock', { at: 1_070_000, due: 600 }, -10_000],
])('a deadline %s', (_, then, left) => {
  expect(leftUntil(deadlineIn(60_000, now), then)).toBe(left);
});
