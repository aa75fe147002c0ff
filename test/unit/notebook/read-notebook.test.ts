import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isCurveKernelError } from '#src/errors.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseNotebook, readNotebook } from '#src/notebook/read-notebook.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-read-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const code = { cell_type: 'code', metadata: {}, source: ['a\n', 'b'], outputs: [], execution_count: null };
const stream = { output_type: 'stream', name: 'stdout', text: 'x' };
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

test('a notebook of version 4.0 to 4.4 becomes one of 4.5', () => {
  for (const minor of [0, 1, 2, 3, 4]) {
    let count = 0;
    const old = text([code, { cell_type: 'markdown', metadata: {}, source: 'x' }], { nbformat_minor: minor });
    const notebook = parseNotebook(old, 'x', { newId: () => `id-${count++}` });
    expect(notebook).toMatchObject({ nbformat_minor: 5, cells: [{ id: 'id-0' }, { id: 'id-1' }] });
  }
});

test('missing, malformed and repeated cell ids are replaced, good ones stay', () => {
  const ids = ['good', undefined, 'good', 'has space', 7].map((id) => ({ ...code, id }));
  const { cells } = parseNotebook(text(ids), 'x');
  expect(cells[0]?.id).toBe('good');
  expect(new Set(cells.map(({ id }) => id)).size).toBe(5);
  for (const { id } of cells) expect(id).toMatch(/^[\w-]{1,64}$/);
});

const oddOutputs: readonly unknown[] = [
  [{ output_type: 'execute_result', metadata: [], data: { 'text/plain': '2' }, execution_count: 1 }],
  [{ output_type: 'pyout', prompt_number: 1, text: ['2'] }],
  [{ output_type: 'stream', name: 'stdout', text: 1 }],
  [{ output_type: 'display_data', metadata: {} }],
  [{ output_type: 'error', ename: 'E', evalue: null, traceback: null }],
  [{ output_type: 'execute_result', data: {}, metadata: {}, execution_count: 1.5 }],
  [{}],
  [null],
  null,
  {},
  'none',
];
test.each(oddOutputs)(
  'old outputs %j are no reason to refuse a notebook, and are written back as they are',
  (outputs) => {
    const cells = [
      { ...code, id: 'a', outputs },
      { ...code, id: 'b', outputs: [stream], execution_count: 3 },
    ];
    const notebook = parseNotebook(text(cells), 'x');
    expect(notebook.cells).toMatchObject([{ outputs: [] }, { outputs: [stream], execution_count: 3 }]);
    const written: { cells: { outputs: unknown }[] } = JSON.parse(formatNotebook(notebook));
    expect(written.cells[0]?.outputs).toEqual(outputs);
  },
);

test('missing outputs are none, and an odd count of an earlier run is kept', () => {
  const counts = ['7', '1.5', '-1', '1e300', '2.0', '"2"', '[]'];
  const cells = counts.map((count) => ({ ...code, outputs: undefined, execution_count: `COUNT ${count}` }));
  const notebook = parseNotebook(
    text(cells).replaceAll(/"COUNT ((?:[^"\\]|\\")*)"/g, (_, count: string) => count.replaceAll('\\"', '"')),
    'x',
  );
  expect(notebook.cells.map(({ execution_count: count }) => count)).toEqual([7, null, null, null, 2, null, null]);
  const written = formatNotebook(notebook);
  expect([...written.matchAll(/"execution_count": (.*),/g)].map(([, count]) => count)).toEqual(counts);
  expect(written.match(/"outputs": \[\]/g)).toHaveLength(counts.length);
});

test('a later minor version stays what it is', () => {
  expect(parseNotebook(text([], { nbformat_minor: 7 }), 'x').nbformat_minor).toBe(7);
});

test.each<[string, string]>([
  ['n.ipynb is not JSON: line 1, column 12', '{"SECRET": nan}'],
  ['n.ipynb is not JSON: the text ends too early', '{"SECRET":\n "SECRET"'],
  ['n.ipynb is not JSON: line 2, column 3', '{"SECRET": [1,\n  "SEC\tRET"]}'],
  [
    'n.ipynb is not JSON: nested deeper than 900 levels',
    text([], { metadata: { SECRET: 1 } }).replace('1', '['.repeat(1000) + ']'.repeat(1000)),
  ],
  ['n.ipynb begins with a byte order mark', `\ufeff${text([])}`],
  ['n.ipynb is not an object', '["SECRET"]'],
  ['n.ipynb: nbformat is not 2, 3 or 4', '{"nbformat": 5, "SECRET": 1}'],
  ['n.ipynb: nbformat is missing or not a number', '{"SECRET": 1}'],
  ['n.ipynb: nbformat is missing or not a number', '{"nbformat": "SECRET"}'],
  ['n.ipynb: worksheets is missing; an array was wanted', '{"nbformat": 3, "SECRET": 1}'],
  ['n.ipynb: worksheets[0].cells[0] is not an object', '{"nbformat": 2, "worksheets": [{"cells": ["SECRET"]}]}'],
  ['n.ipynb: metadata is not an object', text([], { metadata: ['SECRET'] })],
  ['n.ipynb: cells is not an array', text([], { cells: { SECRET: 1 } })],
  ['n.ipynb: nbformat_minor is not a count or null', text([], { nbformat_minor: 'SECRET' })],
  ['n.ipynb: cells[0] is not an object', text(['SECRET'])],
  ['n.ipynb: cells[1].cell_type is not code, markdown or raw', text([{ ...code }, { ...code, cell_type: 'SECRET' }])],
  ['n.ipynb: cells[0].source is not text or an array of lines', text([{ ...code, source: ['SECRET', 1] }])],
  ['n.ipynb: cells[0].metadata is missing; an object was wanted', text([{ ...code, metadata: undefined }])],
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

test.each([
  ['Latin-1', Buffer.from(text([{ ...code, source: 'caf\u00e9' }]), 'latin1')],
  ['UTF-16', Buffer.from(`\ufeff${text([])}`, 'utf16le')],
  [
    'cut in the middle of a letter',
    Buffer.from(text([{ ...code, source: 'caf\u00e9' }])).filter((byte) => byte !== 0xa9),
  ],
])('a file that is not UTF-8 is refused: %s', async (_, bytes) => {
  const file = join(folder, 'n.ipynb');
  await writeFile(file, bytes);
  await expect(readNotebook(file)).rejects.toMatchObject({
    code: 'notebook-invalid',
    message: `${file} is not UTF-8.`,
    hint: expect.stringContaining('save it as UTF-8'),
  });
});

test('a file that is not there is named', async () => {
  await expect(readNotebook('/nowhere/n.ipynb')).rejects.toMatchObject({
    code: 'notebook-unreadable',
    message: expect.stringContaining('/nowhere/n.ipynb'),
  });
});
