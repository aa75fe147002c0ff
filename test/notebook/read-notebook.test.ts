import { expect, test } from '@jest/globals';
import { isCurveKernelError } from '#src/errors.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseNotebook, readNotebook } from '#src/notebook/read-notebook.js';
import { pythonNbformat } from './python-nbformat.js';

const code = { cell_type: 'code', metadata: {}, source: ['a\n', 'b'], outputs: [], execution_count: null };
const text = (cells: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells, ...more });

test('lines are joined where they are text, and left alone where they are JSON', () => {
  const data = { 'text/plain': ['a\n', 'b'], 'application/json': ['a', 'b'], 'application/x+json': ['a'] };
  const outputs = [
    { output_type: 'stream', name: 'stdout', text: ['x\n', 'y'] },
    { output_type: 'display_data', data, metadata: {} },
  ];
  const attachments = { 'a.txt': { 'text/plain': ['1', '2'] } };
  const { cells } = parseNotebook(
    text([
      { ...code, id: 'a', outputs },
      { cell_type: 'raw', id: 'b', metadata: {}, source: '', attachments },
    ]),
    'x',
  );
  expect(cells).toMatchObject([
    { source: 'a\nb', outputs: [{ text: 'x\ny' }, { data: { ...data, 'text/plain': 'a\nb' } }] },
    { source: '', attachments: { 'a.txt': { 'text/plain': '12' } } },
  ]);
});

test('unknown fields are kept', () => {
  const notebook = parseNotebook(text([{ ...code, id: 'a', future: 1 }], { later: { x: 1 } }), 'x');
  expect(JSON.parse(formatNotebook(notebook))).toMatchObject({ later: { x: 1 }, cells: [{ future: 1 }] });
});

test('a notebook of version 4.0 to 4.4 becomes one of 4.5 that Python finds valid', async () => {
  const old = [0, 1, 2, 3, 4].map((minor) =>
    text([code, { cell_type: 'markdown', metadata: {}, source: 'x' }], { nbformat_minor: minor }),
  );
  for (const one of old) {
    let count = 0;
    const notebook = parseNotebook(one, 'x', { newId: () => `id-${count++}` });
    expect(notebook).toMatchObject({ nbformat_minor: 5, cells: [{ id: 'id-0' }, { id: 'id-1' }] });
  }
  const results = await pythonNbformat(old.map((one) => formatNotebook(parseNotebook(one, 'x'))));
  expect(results.map(({ problem }) => problem)).toEqual([null, null, null, null, null]);
});

test('missing, malformed and repeated cell ids are replaced, good ones stay', () => {
  const ids = ['good', undefined, 'good', 'has space', 7].map((id) => ({ ...code, id }));
  const { cells } = parseNotebook(text(ids), 'x');
  expect(cells[0]?.id).toBe('good');
  expect(new Set(cells.map(({ id }) => id)).size).toBe(5);
  for (const { id } of cells) expect(id).toMatch(/^[\w-]{1,64}$/);
});

test('a later minor version stays what it is', () => {
  expect(parseNotebook(text([], { nbformat_minor: 7 }), 'x').nbformat_minor).toBe(7);
});

const stream = { output_type: 'stream', name: 'stdout', text: 'SECRET' };
test.each<[string, string]>([
  ['n.ipynb is not JSON', '{"SECRET": NaN}'],
  ['n.ipynb is not an object', '["SECRET"]'],
  ['n.ipynb: nbformat is not 4', '{"nbformat": 3, "SECRET": 1}'],
  ['n.ipynb: metadata is not an object', text([], { metadata: ['SECRET'] })],
  ['n.ipynb: cells is not an array', text([], { cells: { SECRET: 1 } })],
  ['n.ipynb: nbformat_minor is not a count or null', text([], { nbformat_minor: 'SECRET' })],
  ['n.ipynb: cells[0] is not an object', text(['SECRET'])],
  ['n.ipynb: cells[1].cell_type is none of code, markdown, raw', text([{ ...code }, { ...code, cell_type: 'SECRET' }])],
  ['n.ipynb: cells[0].source is not text or an array of lines', text([{ ...code, source: ['SECRET', 1] }])],
  ['n.ipynb: cells[0].metadata is missing; an object was wanted', text([{ ...code, metadata: undefined }])],
  ['n.ipynb: cells[0].execution_count is not a count or null', text([{ ...code, execution_count: 1.5 }])],
  ['n.ipynb: cells[0].outputs is missing; an array was wanted', text([{ ...code, outputs: undefined }])],
  [
    'n.ipynb: cells[0].outputs[1].text is not text or an array of lines',
    text([{ ...code, outputs: [stream, { ...stream, text: 1 }] }]),
  ],
  [
    'n.ipynb: cells[0].outputs[0].output_type is none of stream',
    text([{ ...code, outputs: [{ output_type: 'SECRET' }] }]),
  ],
  [
    'n.ipynb: cells[0].outputs[0].data is missing',
    text([{ ...code, outputs: [{ output_type: 'display_data', metadata: {} }] }]),
  ],
])('says "%s", and nothing of what is inside', (message, damaged) => {
  expect.assertions(4);
  try {
    parseNotebook(damaged, 'n.ipynb');
  } catch (error) {
    expect(isCurveKernelError(error, 'notebook-invalid')).toBe(true);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('SECRET');
    expect(error).not.toHaveProperty('cause');
  }
});

test('a file that is not there is named', async () => {
  await expect(readNotebook('/nowhere/n.ipynb')).rejects.toMatchObject({
    code: 'notebook-unreadable',
    message: expect.stringContaining('/nowhere/n.ipynb'),
  });
});
