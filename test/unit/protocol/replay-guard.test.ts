import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createReplayGuard } from '#src/protocol/replay-guard.js';

test('a signature is admitted once', () => {
  const guard = createReplayGuard();
  expect(guard.admit(Buffer.from('aa'))).toBe(true);
  expect(guard.admit(Buffer.from('ab'))).toBe(true);
  expect(guard.admit(Buffer.from('aa'))).toBe(false);
  expect(guard.admit(Buffer.from('xaax').subarray(1, 3))).toBe(false);
});

test('exactly the last signatures are remembered, as many as was asked for', () => {
  const signatures = fc.array(fc.nat(12), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), signatures, (capacity, sent) => {
      const guard = createReplayGuard(capacity);
      const admitted: number[] = [];
      for (const signature of sent) {
        const fresh = !admitted.slice(-capacity).includes(signature);
        expect(guard.admit(Buffer.from([signature]))).toBe(fresh);
        if (fresh) admitted.push(signature);
      }
    }),
  );
});

test('guards do not share what they know', () => {
  expect(createReplayGuard().admit(Buffer.from('a'))).toBe(true);
  expect(createReplayGuard().admit(Buffer.from('a'))).toBe(true);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('a capacity of %d is a TypeError', (capacity) => {
  expect(() => createReplayGuard(capacity)).toThrow(TypeError);
});
