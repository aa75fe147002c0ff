/** Notebooks of nbformat 2 and 3 become what Python's nbformat makes of them. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { pythonNbformat } from '../../support/python-nbformat.js';

/** Ids are random. */
const withoutIds = (text: string): string => text.replaceAll(/"id": "[0-9a-f]{8}"/g, '"id": ""');

async function expectUpgrade(...notebooks: readonly object[]): Promise<void> {
  const texts = notebooks.map((notebook) => JSON.stringify(notebook));
  const theirs = await pythonNbformat(texts);
  const ours = texts.map((text) => withoutIds(formatNotebook(parseNotebook(text, 'old'))));
  expect(ours).toEqual(theirs.map(({ text }) => withoutIds(text)));
}

const notebookOf = (major: number, ...cells: readonly object[]): object => ({
  nbformat: major,
  nbformat_minor: 0,
  orig_nbformat: 2,
  metadata: { name: 'Old', signature: 'sha256:x', kernelspec: { name: 'python3' } },
  worksheets: [{ cells, metadata: {} }],
});

const code = { cell_type: 'code', language: 'python', collapsed: true, input: 'a\nb', prompt_number: 3, outputs: [] };
const images = { png: 'iVBORw0KGgo=', jpeg: '/9j/4AAQ', svg: ['<svg>\n', '</svg>'], html: ['<b>\n', 'x</b>'] };
const texts = {
  text: ['1\n', '2'],
  latex: '$x$',
  javascript: 'alert()',
  json: '{"a": [1.0, NaN, 12345678901234567890]}',
};

test.each([2, 3])('every kind of cell and output of nbformat %i', async (major) => {
  const outputs = [
    { output_type: 'pyout', prompt_number: 3, metadata: { png: { width: 1 } }, ...images, ...texts },
    { output_type: 'pyout', text: 'no number' },
    { output_type: 'display_data', ...images },
    { output_type: 'display_data', metadata: {}, text: 'x', 'text/plain': 'y', 'application/x': 'z' },
    { output_type: 'stream', stream: 'stderr', text: ['a\n', 'b'] },
    { output_type: 'stream', text: 'unnamed' },
    { output_type: 'pyerr', ename: 'E', evalue: 'v', traceback: ['one', 'two'] },
  ];
  await expectUpgrade(
    notebookOf(
      major,
      { ...code, outputs },
      { ...code, input: ['a\n', 'b'], metadata: { tags: ['x'] } },
      { ...code, input: ['without', 'ends'], collapsed: false },
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
      worksheets: [{ cells: [code] }, { cells: [{ cell_type: 'raw', source: '2' }] }],
      author: 'x',
    },
  );
});

test('any mixture of old cells', async () => {
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
    .map(([major, cells]) => notebookOf(major, ...cells));
  await expectUpgrade(...fc.sample(notebooks, { numRuns: 150, seed: 1 }));
});

test('what an old notebook holds as outputs is never a reason to refuse it', () => {
  const odd = [
    { output_type: 'pyout', metadata: [] },
    { output_type: 'display_data', json: '{' },
    { text: 'x' },
    null,
    1,
  ];
  for (const outputs of [...odd.map((one) => [one]), null, 'x', undefined]) {
    const text = JSON.stringify(notebookOf(3, { ...code, outputs }));
    expect(formatNotebook(parseNotebook(text, 'x'))).toContain('"source": [\n    "a\\n",\n    "b"\n   ]');
  }
});

test('raw cells under their first name are raw cells', () => {
  const text = JSON.stringify(notebookOf(2, { cell_type: 'plaintext', source: 'x' }));
  expect(parseNotebook(text, 'x').cells).toMatchObject([{ cell_type: 'raw', source: 'x' }]);
});
