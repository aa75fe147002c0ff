/** Notebooks are read and written as Python's nbformat reads and writes them. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { pythonNbformat } from '../support/python-nbformat.js';
import { anyNotebook, holding, NO_JSON, OLD_CODE, oldNotebook, PYTHON_NUMBERS } from '../support/sample-notebooks.js';

const rewritten = (text: string): string => formatNotebook(parseNotebook(text, 'x'));

test('numbers are written as Python writes them, wherever they stand in a notebook', async () => {
  const texts = PYTHON_NUMBERS.map(holding);
  expect(texts.map(rewritten)).toEqual((await pythonNbformat(texts)).map(({ text }) => text));
});

test('what is no JSON for us is none for Python', async () => {
  const theirs = await pythonNbformat(NO_JSON.map(holding));
  expect(theirs.map(({ problem }) => problem)).toEqual(NO_JSON.map(() => 'no JSON'));
});

test('a notebook of version 4.0 to 4.4 becomes one of 4.5 that Python finds valid', async () => {
  const cells = [
    { cell_type: 'code', metadata: {}, source: ['a\n', 'b'], outputs: [], execution_count: null },
    { cell_type: 'markdown', metadata: {}, source: 'x' },
  ];
  const old = [0, 1, 2, 3, 4].map((minor) =>
    JSON.stringify({ nbformat: 4, nbformat_minor: minor, metadata: {}, cells }),
  );
  const results = await pythonNbformat(old.map(rewritten));
  expect(results.map(({ problem }) => problem)).toEqual([null, null, null, null, null]);
});

test('a notebook is written byte for byte as Python writes it', async () => {
  const texts = fc.sample(anyNotebook, { numRuns: 150, seed: 1 }).map((notebook) => JSON.stringify(notebook));
  const theirs = await pythonNbformat(texts);
  for (const [index, { text }] of theirs.entries()) expect(rewritten(texts[index] ?? '')).toBe(text);
});

/** Ids are random. */
const withoutIds = (text: string): string => text.replaceAll(/"id": "[0-9a-f]{8}"/g, '"id": ""');

async function expectUpgrade(...notebooks: readonly object[]): Promise<void> {
  const texts = notebooks.map((notebook) => JSON.stringify(notebook));
  const theirs = await pythonNbformat(texts);
  const ours = texts.map((text) => withoutIds(formatNotebook(parseNotebook(text, 'old'))));
  expect(ours).toEqual(theirs.map(({ text }) => withoutIds(text)));
}

const images = { png: 'iVBORw0KGgo=', jpeg: '/9j/4AAQ', svg: ['<svg>\n', '</svg>'], html: ['<b>\n', 'x</b>'] };
const bundle = {
  text: ['1\n', '2'],
  latex: '$x$',
  javascript: 'alert()',
  json: '{"a": [1.0, NaN, 12345678901234567890]}',
};

test.each([2, 3])('every kind of cell and output of nbformat %i', async (major) => {
  const outputs = [
    { output_type: 'pyout', prompt_number: 3, metadata: { png: { width: 1 } }, ...images, ...bundle },
    { output_type: 'pyout', text: 'no number' },
    { output_type: 'display_data', ...images },
    { output_type: 'display_data', metadata: {}, text: 'x', 'text/plain': 'y', 'application/x': 'z' },
    { output_type: 'stream', stream: 'stderr', text: ['a\n', 'b'] },
    { output_type: 'stream', text: 'unnamed' },
    { output_type: 'pyerr', ename: 'E', evalue: 'v', traceback: ['one', 'two'] },
  ];
  await expectUpgrade(
    oldNotebook(
      major,
      { ...OLD_CODE, outputs },
      { ...OLD_CODE, input: ['a\n', 'b'], metadata: { tags: ['x'] } },
      { ...OLD_CODE, input: ['without', 'ends'], collapsed: false },
      { cell_type: 'code', outputs: [] },
      { cell_type: 'markdown', source: ['# a\n', 'b'], metadata: {}, rendered: ['x', 'y'] },
      { cell_type: 'markdown', source: ['no', 'ends'] },
      { cell_type: 'raw', source: 'raw', metadata: { format: 'text/latex' } },
      { cell_type: 'html', source: ['<b>', 'x</b>'] },
      { cell_type: 'heading', level: 3, source: ['two\n', 'lines'] },
      { cell_type: 'heading', source: 'one\r\ntwo\u2028three\n\n' },
      { cell_type: 'heading', level: 2 },
    ),
    { nbformat: major, metadata: {}, worksheets: [] },
    {
      nbformat: major,
      metadata: {},
      worksheets: [{ cells: [OLD_CODE] }, { cells: [{ cell_type: 'raw', source: '2' }] }],
      author: 'x',
    },
  );
});

test('any mixture of cells of nbformat 2 and 3', async () => {
  const lines = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.array(fc.constantFrom('a', 'b\n', 'c\r\n', ''), { maxLength: 3 }),
  );
  const shown = fc.record(
    { text: lines, html: lines, svg: lines, latex: lines, javascript: lines, png: fc.base64String() },
    { requiredKeys: [] },
  );
  const output = fc.oneof(
    fc.tuple(fc.constantFrom('pyout', 'display_data'), shown).map(([type, data]) => ({ output_type: type, ...data })),
    fc.record({ output_type: fc.constant('stream'), stream: fc.constantFrom('stdout', 'stderr'), text: lines }),
    fc.record({
      output_type: fc.constant('pyerr'),
      ename: fc.string(),
      evalue: fc.string(),
      traceback: fc.constant([]),
    }),
  );
  const cell = fc.oneof(
    fc.record(
      {
        cell_type: fc.constant('code'),
        input: lines,
        outputs: fc.array(output, { maxLength: 3 }),
        collapsed: fc.boolean(),
        prompt_number: fc.nat(),
      },
      { requiredKeys: ['cell_type', 'outputs'] },
    ),
    fc.record({ cell_type: fc.constant('heading'), level: fc.integer({ min: 1, max: 6 }), source: lines }),
    fc.record({ cell_type: fc.constantFrom('markdown', 'raw', 'html'), source: lines }),
  );
  const notebooks = fc
    .tuple(fc.constantFrom(2, 3), fc.array(cell, { maxLength: 5 }))
    .map(([major, cells]) => oldNotebook(major, ...cells));
  await expectUpgrade(...fc.sample(notebooks, { numRuns: 150, seed: 1 }));
});
