import { expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, jsonValue, nat, property, string, tuple } from 'fast-check';
import { outlineOf } from '#src/protocol/outline-json.js';

/** What matters to a reader of JSON, in runs that are cut and in runs that are not. */
const PIECES = [
  '"',
  '\\',
  '\\"',
  '\\\\',
  '\\u',
  '\\u00e9',
  '\\ud83d',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"":',
  '"a":',
  '1',
  'true',
  '\n',
  '\u0000',
  '\u001f',
  ' ',
  'x',
  'é',
  '😀',
  '\u007f',
  'x'.repeat(4095),
  'x'.repeat(4096),
  'x'.repeat(4097),
  'x'.repeat(20_000),
  'é'.repeat(5000),
  '😀'.repeat(3000),
  ' '.repeat(5000),
  '1'.repeat(5000),
  '"x'.repeat(3000),
];

const isJson = (text: Buffer): boolean => {
  try {
    JSON.parse(text.toString());
    return true;
  } catch {
    return false;
  }
};

/** As a buffer that begins anywhere in a word, with stops around it that are not its own. */
const placed = (text: string, before: number): Buffer =>
  Buffer.from(`${'"'.repeat(before)}${text}"\\`).subarray(before, before + Buffer.byteLength(text));

test('the outline is JSON where the text is, and nowhere else', () => {
  const text = array(constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(''));
  assert(
    property(text, nat(3), (inside, before) => {
      for (const whole of [inside, `"${inside}"`, `{"a":"${inside}"}`, `["${inside}",1]`]) {
        const bytes = placed(whole, before);
        expect(isJson(outlineOf(bytes))).toBe(isJson(bytes));
      }
    }),
    { numRuns: 2000 },
  );
});

test('one changed byte of a JSON text is judged as the text would be', () => {
  const long = tuple(string(), integer({ min: 1, max: 9000 })).map(([piece, times]) => piece.repeat(times));
  assert(
    property(array(tuple(long, jsonValue())), nat(), nat(255), nat(3), (members, place, byte, before) => {
      const bytes = placed(JSON.stringify(members), before);
      expect(isJson(outlineOf(bytes))).toBe(true);
      bytes[place % bytes.length] = byte;
      expect(isJson(outlineOf(bytes))).toBe(isJson(bytes));
    }),
    { numRuns: 500 },
  );
});

test('long plain runs are cut, and what is short is the text itself', () => {
  const short = Buffer.from(JSON.stringify({ a: 'x'.repeat(4000), b: ['y\n'.repeat(10_000)] }));
  expect(outlineOf(short)).toBe(short);
  const long = { 'text/plain': 'é'.repeat(100_000), 'text/html': `<p class="a">${'b'.repeat(100_000)}</p>\n` };
  const outline = outlineOf(Buffer.from(JSON.stringify(long)));
  expect(outline.length).toBeLessThan(300);
  expect(Object.keys(JSON.parse(outline.toString()))).toEqual(Object.keys(long));
});
