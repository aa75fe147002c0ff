import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook } from '#src/notebook/notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { splitLines } from '#src/notebook/split-lines.js';
import { anyNotebook, oddText } from '../../support/sample-notebooks.js';

test('what was written is read as what it was', () => {
  for (const notebook of fc.sample(anyNotebook, { numRuns: 150, seed: 1 })) {
    const text = formatNotebook(parseNotebook(JSON.stringify(notebook), 'sample'));
    expect(formatNotebook(parseNotebook(text, 'again'))).toBe(text);
  }
});

test('lines end where they end in Python, and joined they are the text', () => {
  expect(splitLines('')).toEqual([]);
  expect(splitLines('a\r\nb\rc\n\nd\u2028e')).toEqual(['a\r\n', 'b\r', 'c\n', '\n', 'd\u2028', 'e']);
  fc.assert(fc.property(oddText, (text) => splitLines(text).join('') === text));
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
