import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileGlob } from '#src/support/glob.js';

test('a glob says what the regular expression of the same meaning says', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '\n'), maxLength: 10 });
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const expression = pattern.split('*').map((part) => part.replaceAll('.', String.raw`\.`));
      expect(compileGlob(pattern)(text)).toBe(new RegExp(`^${expression.join('[^]*')}$(?![^])`).test(text));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of many stars against a text that almost fits is no slower for it', () => {
  expect(compileGlob(`${'*a'.repeat(5000)}b`)('a'.repeat(100_000))).toBe(false);
});
