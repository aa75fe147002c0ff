/** Parameters are set as papermill sets them, for Python, R and TypeScript; test/interop/papermill.test.ts compares. */
import { expect, test } from '@jest/globals';
import { isJsonObject } from '#src/notebook/check-shape.js';
import { injectParameters } from '#src/notebook/inject-parameters.js';
import type { Notebook } from '#src/notebook/notebook.js';
import { parameterCode } from '#src/notebook/parameter-code.js';
import { parseJson } from '#src/notebook/parse-json.js';
import type { JsonObject } from '#src/protocol/message.js';

function objectOf(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new Error('not an object');
  return value;
}

test('what papermill has noted before is kept', () => {
  const before = { papermill: { version: '2', parameters: { old: 1 } } };
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: before, cells: [] };
  const { metadata } = injectParameters(notebook, { a: 1 }, 'R').notebook;
  expect(metadata).toEqual({ papermill: { version: '2', parameters: { a: 1 } } });
});

test('R gets its own constants, lists and escapes', () => {
  const parameters = objectOf(
    '{"a.b": 1.0, "t": true, "n": null, "s": "é\\"\\\\\\n\\u0007\\u0085", "l": [1, "x"], "m": {"a b": [-Infinity, NaN]}}',
  );
  expect(parameterCode(parameters, 'R').split('\n')).toEqual([
    '# Parameters',
    'a.b = 1.0',
    't = TRUE',
    'n = NULL',
    's = "é\\"\\\\\\n\\u0007\\u0085"',
    'l = list(1, "x")',
    'm = list("a b" = list(-Inf, NaN))',
    '',
  ]);
});

test.each<[string, string, string]>([
  [
    'julia',
    '{"a": 1}',
    'parameters can be given to Python, R and TypeScript kernels; the language of this kernel is julia',
  ],
  ['python', '{"a b": 1}', '"a b" cannot be the name of a variable in python'],
  ['python', '{"x = 1; y": 1}', '"x = 1; y" cannot be the name of a variable in python'],
  ['python', '{"lambda": 1}', '"lambda" cannot be the name of a variable in python'],
  ['python', '{"": 1}', '"" cannot be the name of a variable in python'],
  ['typescript', '{"class": 1}', '"class" cannot be the name of a variable in typescript'],
  ['typescript', '{"1a": 1}', '"1a" cannot be the name of a variable in typescript'],
  ['typescript', '{"a\\nb": 1}', '"a\\nb" cannot be the name of a variable in typescript'],
  ['R', '{"_x": 1}', '"_x" cannot be the name of a variable in R'],
  ['R', '{"TRUE": 1}', '"TRUE" cannot be the name of a variable in R'],
  ['R', '{"x": ["\\u0000"]}', 'x: R has no text with a null character'],
  ['R', '{"x": "\\ud83d"}', 'x: R has no text with half a surrogate pair'],
  ['R', '{"x": {"": 1}}', 'x: R has no members without a name'],
  ['R', '{"x": 9007199254740993}', 'x: R has no whole numbers so large; give it as text'],
])('%s refuses %s', (language, parameters, message) => {
  expect(() => parameterCode(objectOf(parameters), language)).toThrow(
    expect.objectContaining({ name: 'TypeError', message }),
  );
});
