import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { toCodePointOffset, toUtf16Offset } from '#src/protocol/cursor.js';

const code = fc.string({ unit: 'binary', maxLength: 30 });

test.each([
  ['abc', 0, 0],
  ['abc', 2, 2],
  ['a😀b', 1, 1],
  ['a😀b', 2, 3],
  ['a😀b', 3, 4],
  ['👩‍🚀', 3, 5],
  ['é', 1, 1],
  ['', 0, 0],
])('in %p code point %d is UTF-16 offset %d', (text, codePoint, utf16) => {
  expect(toUtf16Offset(text, codePoint)).toBe(utf16);
  expect(toCodePointOffset(text, utf16)).toBe(codePoint);
});

test('there and back is the same place, for every place in any text', () => {
  fc.assert(
    fc.property(code, (text) => {
      const points = Array.from(text);
      for (let position = 0; position <= points.length; position++) {
        const offset = toUtf16Offset(text, position);
        expect(offset).toBe(points.slice(0, position).join('').length);
        expect(toCodePointOffset(text, offset)).toBe(position);
      }
    }),
  );
});

test('an offset inside a pair is the place before the pair', () => {
  expect(toCodePointOffset('a😀b', 2)).toBe(1);
});

test('a lone surrogate is one code point, as in Python', () => {
  expect(toUtf16Offset('\ud800a\udc00b', 3)).toBe(3);
  expect(toCodePointOffset('\ud800a\udc00b', 3)).toBe(3);
});

test('a place outside the text is its nearest end, and one between two is the former', () => {
  for (const [given, expected] of [
    [-1, 0],
    [Number.NaN, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [1.9, 1],
    [4, 3],
    [1e308, 3],
    [Number.POSITIVE_INFINITY, 3],
  ] as const) {
    expect(toUtf16Offset('abc', given)).toBe(expected);
    expect(toCodePointOffset('abc', given)).toBe(expected);
  }
});
