import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ExactNumber } from '#src/notebook/exact-number.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseJson } from '#src/notebook/parse-json.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { holding, NO_JSON, PLACES, PYTHON_NUMBERS } from '../../support/sample-notebooks.js';

/** Numbers that Python reads, and writes in another way. */
const others = ['1e400', '-0', '1E5', '1e5', '1.50', '0.1e1', '1.00000000000000000001'];

test('numbers are written as they were, wherever they stand in a notebook', () => {
  for (const number of [...PYTHON_NUMBERS, ...others]) {
    const written = formatNotebook(parseNotebook(holding(number), 'x'));
    const lines = written.split('\n').filter((line) => !/"(?:nbformat|nbformat_minor|execution_count)"/.test(line));
    expect(lines.filter((line) => line.replace(/,$/, '').endsWith(`: ${number}`))).toHaveLength(PLACES);
    expect(formatNotebook(parseNotebook(written, 'again'))).toBe(written);
  }
});

test('what was changed in a copy of the notebook keeps at least its value', () => {
  const copy = structuredClone(parseNotebook(holding('1.0'), 'x'));
  expect(formatNotebook(copy).match(/: 1,?$/gm)).toHaveLength(PLACES + 1); // and the count
});

test('a number that is written in an odd way is a number object that calculates', () => {
  const [odd, even] = [parseJson('[9007199254740993, 1.0]'), parseJson('[1, 1.5, 1e+21]')];
  expect(odd).toEqual([new ExactNumber('9007199254740993'), new ExactNumber('1.0')]);
  expect(Number(odd)).toBeNaN();
  expect(even).toEqual([1, 1.5, 1e21]);
  expect(JSON.stringify(odd)).toBe('[9007199254740992,1]');
});

test('all other JSON is read as the engine reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(JSON.parse(text));
    }),
  );
  const odd = [
    '"\\ud83d"',
    '"\\/\\u00e9\\n"',
    '{"__proto__": {"a": 1}, "": 2}',
    ' \t\r\n[ ] ',
    '"\\\\"',
    '{"a": "\\\\\\""}',
  ];
  for (const text of odd) expect(parseJson(text)).toEqual(JSON.parse(text));
  expect(Object.hasOwn(Object(parseJson('{"__proto__": 1}')), '__proto__')).toBe(true);
});

test('the last of two members of one name counts', () => {
  expect(parseJson('{"a": 1, "b": 2, "a": 3}')).toEqual({ a: 3, b: 2 });
});

test('what is no JSON for Python is none for us', () => {
  for (const text of ['', ' ', ...NO_JSON]) expect(() => parseJson(text)).toThrow(SyntaxError);
});

test('long strings and many values are read, and deep nesting is refused', () => {
  const long = JSON.stringify('\n"é'.repeat(2_000_000));
  expect(parseJson(long)).toBe('\n"é'.repeat(2_000_000));
  expect(parseJson(`[${'1,'.repeat(200_000)}1]`)).toHaveLength(200_001);
  expect(parseJson('['.repeat(900) + ']'.repeat(900))).toHaveLength(1);
  for (const open of ['[', '{"a":']) {
    expect(() => parseJson(open.repeat(1_000_000))).toThrow('nested deeper than 900 levels');
  }
});
