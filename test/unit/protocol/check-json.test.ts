import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, dictionary, integer, json, jsonValue, oneof, property, string } from 'fast-check';
import { checkJson, MAX_JSON_DEPTH } from '#src/protocol/check-json.js';

/** Whether the text passes, looked at in pieces of that size. */
function passes(text: Buffer | string, slice = 1 << 16): boolean {
  try {
    Array.from(checkJson(Buffer.from(text), slice, 'text/plain'));
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(
      /: (text that is not JSON|text that is not UTF-8|JSON that is no object|JSON of more than 500 levels)$/,
    );
    return false;
  }
}

const deep = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

const find = (text: string): string | undefined => {
  const check = checkJson(Buffer.from(text), 3, 'text/plain');
  for (;;) {
    const { done, value } = check.next();
    if (done === true) return value?.toString();
  }
};

const isObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

describe('the check of JSON in pieces', () => {
  test('passes every object that JSON.stringify writes, whatever the pieces', () => {
    assert(
      property(
        dictionary(string(), jsonValue()),
        integer({ min: 1, max: 20 }),
        integer({ min: 0, max: 2 }),
        (value, slice, indent) => {
          expect(passes(JSON.stringify(value, undefined, indent), slice)).toBe(true);
        },
      ),
    );
  });

  test('agrees with JSON.parse on texts that are nearly JSON', () => {
    const piece = oneof(
      constantFrom(...'{}[],:"\\ue0E19-+. \n\ttfn'.split(''), 'true', 'null', '"a"', '\\u0041', '\u0001', '1.5', '-0'),
      json(),
    );
    assert(
      property(
        array(piece, { maxLength: 8 }),
        constantFrom('{"a":', '{"a":[', '{', ''),
        constantFrom('}', ']}', ''),
        integer({ min: 1, max: 9 }),
        (pieces, before, after, slice) => {
          const text = `${before}${pieces.join('')}${after}`;
          if (/\\u[dD][89a-fA-F]/.test(text)) return;
          expect([text, passes(text, slice)]).toEqual([text, isObject(text)]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each([
    '{"a":01}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":+1}',
    '{"a":tru}',
    '{"a":nulls}',
    '{"a":"\\x"}',
    '{"a":"\\u00g0"}',
    '{"a":"\\u00',
    '{"a"',
    '{"a":"b',
    '{,}',
    '{"a":1,}',
    '{"a":[1,]}',
    '{"a":[}',
    '{"a":1]',
    '{}{}',
    '{} x',
    '[1]',
    '"x"',
    '1',
    'null',
    '',
    ' ',
  ])('%s is refused', (text) => {
    expect(passes(text)).toBe(false);
    expect(passes(text, 1)).toBe(false);
  });

  test('half a surrogate pair is refused, and a whole one is not', () => {
    expect(passes('{"a":"\\ud83d\\ude00"}', 1)).toBe(true);
    for (const half of ['\\ud83d', '\\ude00', '\\uD83D\\u0041', '\\ud83dx', '\\ud83d\\n'])
      expect(passes(`{"a":"${half}"}`)).toBe(false);
  });

  test('what is no UTF-8, or too deep, is refused', () => {
    expect(passes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe(false);
    expect(passes(deep(MAX_JSON_DEPTH))).toBe(true);
    expect(passes(deep(MAX_JSON_DEPTH + 1))).toBe(false);
    expect(passes(deep(1_000_000))).toBe(false);
  });

  test('finds the last member of a name, where that is a string of the outermost object', () => {
    expect(find('{"a":{"text/plain":"inner"},"text/plain":"outer \\" é"}')).toBe('"outer \\" é"');
    expect(find('{"text/plain":"one", "text/plain" : "two"}')).toBe('"two"');
    for (const last of ['1', 'null', '{}', '["x"]'])
      expect(find(`{"text/plain":"one","text/plain":${last}}`)).toBeUndefined();
    expect(find('{"a":["text/plain","x"]}')).toBeUndefined();
  });
});
