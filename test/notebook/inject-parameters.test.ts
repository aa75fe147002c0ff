/** Parameters are set as papermill sets them, for Python, R and TypeScript. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { isJsonObject } from '#src/notebook/check-shape.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { injectParameters } from '#src/notebook/inject-parameters.js';
import type { Cell, Notebook } from '#src/notebook/notebook.js';
import { parameterCode } from '#src/notebook/parameter-code.js';
import { parseJson } from '#src/notebook/parse-json.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import type { JsonObject } from '#src/protocol/message.js';
import { openServices, run } from '../manager/services.js';
import { createWorkplace, type Workplace } from '../manager/workplace.js';
import { runPython } from './python-nbformat.js';

let workplace: Workplace;
let services: LocalServices;

beforeAll(async () => {
  workplace = await createWorkplace();
  await workplace.describeTypeScript();
  services = await openServices(workplace, { autoRestart: false });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

const codeCell = (source: string, tags?: readonly string[]): Cell => ({
  id: source,
  cell_type: 'code',
  metadata: tags === undefined ? {} : { tags },
  source,
  outputs: [],
  execution_count: null,
});
const notebookOf = (...cells: Cell[]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  cells,
});
function objectOf(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new Error('not an object');
  return value;
}

const shapeOf = ({ cells }: Notebook): unknown =>
  cells.map(({ source, metadata: { tags = [] } }) => ({ source, tags }));

const first = codeCell('first');
const defaults = codeCell('rows = 1', ['parameters']);
const earlier = codeCell('rows = 2', ['injected-parameters']);

describe('the cell', () => {
  const parameters = { rows: 5, label: 'a "b" \\ c\n', all: true, none: null, list: [1, 'x'], map: { a: [] } };
  test.each([
    ['after', notebookOf(first, defaults, codeCell('last'))],
    ['replaced', notebookOf(first, defaults, codeCell('between'), earlier, codeCell('last'))],
    ['top', notebookOf(first, codeCell('last'))],
  ])('%s, as papermill has it', async (place, notebook) => {
    const injected = injectParameters(notebook, parameters, 'python');
    expect(injected.place).toBe(place);
    const given = JSON.stringify({ notebook: formatNotebook(notebook), parameters });
    const file = join(workplace.folder, 'papermill.ipynb');
    const theirs = parseNotebook(await runPython('papermill_cell.py', given, process.env, file), 'theirs');
    expect(shapeOf(injected.notebook)).toEqual(shapeOf(theirs));
    expect(injected.notebook.metadata['papermill']).toMatchObject({ parameters });
    expect(new Set(injected.notebook.cells.map(({ id }) => id)).size).toBe(injected.notebook.cells.length);
  });

  test('what papermill has noted before is kept', () => {
    const notebook = { ...notebookOf(), metadata: { papermill: { version: '2', parameters: { old: 1 } } } };
    const { metadata } = injectParameters(notebook, { a: 1 }, 'R').notebook;
    expect(metadata).toEqual({ papermill: { version: '2', parameters: { a: 1 } } });
  });
});

const values = `{
  "whole": -5, "real": 1.5, "exp": 1e-7, "yes": true, "no": false, "none": null, "empty": "", "list": [], "map": {},
  "text": "a\\"b'c\\\\d\\n\\t\\u0000\\u0007\\u0085\\u2028\\u2029\\ufeff é 🎉 \${x} {y} %s", "half": "\\ud83d",
  "nested": [1, [true, null], {"a b": {"": 0, "__proto__": [2], "constructor": 3}}]
}`;

test.each(['python3', 'typescript'])('values arrive unchanged in a kernel: %s', async (name) => {
  const kernel = await services.kernels.startNew({ name });
  const language = (await kernel.info).language_info.name;
  const show =
    {
      python3: 'import json\njson.dumps(globals()[NAME], ensure_ascii=True)',
      typescript: 'JSON.stringify(eval(NAME))',
    }[name] ?? '';
  const parameters = objectOf(values);
  expect((await run(kernel, parameterCode(parameters, language))).reply.status).toBe('ok');
  for (const [parameter, value] of Object.entries(parameters)) {
    const printed =
      name === 'python3'
        ? `${show.split('\n')[0]}\nprint(${show.split('\n')[1]?.replace('NAME', `"${parameter}"`)})`
        : `console.log(${show.replace('NAME', `"${parameter}"`)})`;
    const { text } = await run(kernel, printed);
    expect({ parameter, value: JSON.parse(text) as unknown }).toEqual({ parameter, value });
  }
  await kernel.shutdown();
});

test.each([
  [
    'python3',
    'print(type(a), type(b), c, d, e == 9007199254740993, f)',
    "<class 'float'> <class 'int'> nan -inf True inf\n",
  ],
  ['typescript', 'console.log(a, b, c, d, e === 9007199254740993n, f)', '1 1 NaN -Infinity true Infinity\n'],
])('numbers keep their kind: %s', async (name, code, printed) => {
  const kernel = await services.kernels.startNew({ name });
  const parameters = objectOf('{"a": 1.0, "b": 1, "c": NaN, "d": -Infinity, "e": 9007199254740993, "f": 1e400}');
  await run(kernel, parameterCode(parameters, (await kernel.info).language_info.name));
  expect((await run(kernel, code)).text).toBe(printed);
  await kernel.shutdown();
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
