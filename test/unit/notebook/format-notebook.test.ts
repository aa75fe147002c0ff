import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook } from '#src/notebook/notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { splitLines } from '#src/notebook/split-lines.js';
import { pythonNbformat } from '../../support/python-nbformat.js';

/** Text with everything at which Python ends a line, and characters that sort differently in UTF-16. */
const odd = fc.string({
  unit: fc.constantFrom(
    'a',
    ' ',
    '\n',
    '\r',
    '\r\n',
    '\v',
    '\f',
    '\u001c',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u007f',
    'é',
    '\uffee',
    '🎉',
    '"',
    '\\',
    '\t',
    '\0',
  ),
});
const key = fc.oneof(
  fc.constantFrom('10', '9', 'a', 'B', '🎉', '\uffee', 'é', '__proto__', ''),
  fc.string({ minLength: 1, maxLength: 3 }),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, odd, fc.integer(), fc.boolean(), fc.constant(null), tie('array'), tie('object')),
  array: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
}));
const bundle = fc.record(
  {
    'text/plain': odd,
    'text/html': odd,
    'image/png': odd,
    'image/svg+xml': odd,
    'application/javascript': odd,
    'application/json': json.value,
    'application/vnd.x+json': json.value,
  },
  { requiredKeys: [] },
);
const metadata = fc.dictionary(
  key.filter((name) => name !== 'name' && name !== 'tags'),
  json.value,
  { maxKeys: 3 },
);
const output = fc.oneof(
  fc.record({ output_type: fc.constant('stream'), name: fc.constantFrom('stdout', 'stderr'), text: odd }),
  fc.record({ output_type: fc.constant('display_data'), data: bundle, metadata }),
  fc.record({ output_type: fc.constant('execute_result'), data: bundle, metadata, execution_count: fc.nat() }),
  fc.record({ output_type: fc.constant('error'), ename: odd, evalue: odd, traceback: fc.array(odd, { maxLength: 3 }) }),
);
const cell = fc.oneof(
  fc.record({ cell_type: fc.constantFrom('markdown', 'raw'), metadata, source: odd }),
  fc.record({
    cell_type: fc.constant('markdown'),
    metadata,
    source: odd,
    attachments: fc.dictionary(fc.constantFrom('a.png', 'b.txt'), bundle),
  }),
  fc.record({
    cell_type: fc.constant('code'),
    metadata,
    source: odd,
    execution_count: fc.option(fc.nat()),
    outputs: fc.array(output, { maxLength: 4 }),
  }),
);
const notebooks = fc
  .record({
    cells: fc.array(cell, { maxLength: 5 }),
    metadata: fc.dictionary(fc.constantFrom('a', '1', '🎉', 'orig_nbformat_minor', 'signature'), json.value),
  })
  .map(({ cells, metadata: more }) => ({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: more,
    cells: cells.map((one, index) => ({ ...one, id: `cell-${index}` })),
  }));

test('a notebook is written byte for byte as Python writes it', async () => {
  const texts = fc.sample(notebooks, { numRuns: 150, seed: 1 }).map((notebook) => JSON.stringify(notebook));
  const theirs = await pythonNbformat(texts);
  const ours = texts.map((text) => formatNotebook(parseNotebook(text, 'sample')));
  for (const [index, { text }] of theirs.entries()) expect(ours[index]).toBe(text);
  // And what was written is read as what it was.
  for (const text of ours) expect(formatNotebook(parseNotebook(text, 'again'))).toBe(text);
});

test('lines end where they end in Python, and joined they are the text', () => {
  expect(splitLines('')).toEqual([]);
  expect(splitLines('a\r\nb\rc\n\nd\u2028e')).toEqual(['a\r\n', 'b\r', 'c\n', '\n', 'd\u2028', 'e']);
  fc.assert(fc.property(odd, (text) => splitLines(text).join('') === text));
});

test('a notebook of a hundred thousand lines is written in good time', () => {
  const notebook: Notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [{ id: 'a', cell_type: 'raw', metadata: {}, source: `${'line\n'.repeat(100_000)}${'x'.repeat(1_000_000)}` }],
  };
  const { cells }: { cells: { source: string[] }[] } = JSON.parse(formatNotebook(notebook));
  expect(cells[0]?.source).toHaveLength(100_001);
});
