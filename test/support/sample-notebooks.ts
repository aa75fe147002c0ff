/** Notebooks in which everything stands that is read and written in a particular way. */
import * as fc from 'fast-check';

/** A notebook with that JSON value in every place that a run leaves alone. */
export const holding = (value: string): string => {
  const output = `{"output_type": "display_data", "data": {"application/json": ${value}}, "metadata": {"m": ${value}}}`;
  const code = `{"cell_type": "code", "id": "a", "metadata": {"m": ${value}}, "source": "", "execution_count": 1, "outputs": [${output}]}`;
  const raw = `{"cell_type": "raw", "id": "b", "metadata": {}, "source": "", "attachments": {"a": {"application/json": ${value}}}}`;
  return `{"nbformat": 4, "nbformat_minor": 5, "metadata": {"m": {"v": ${value}}}, "later": ${value}, "cells": [${code}, ${raw}]}`;
};
/** How many places that are. */
export const PLACES = 6;

/** Numbers as Python writes them, which is how they stand in nearly every file. */
export const PYTHON_NUMBERS = [
  '9007199254740993',
  '-12345678901234567890123',
  '1.0',
  '100000.0',
  '1e+16',
  '1e-07',
  '0.1',
  '-0.0',
  'NaN',
  'Infinity',
  '-Infinity',
  '5',
];
/** Text with everything at which Python ends a line, and characters that sort differently in UTF-16. */
export const oddText = fc.string({
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
  value: fc.oneof({ maxDepth: 3 }, oddText, fc.integer(), fc.boolean(), fc.constant(null), tie('array'), tie('object')),
  array: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
}));
const bundle = fc.record(
  {
    'text/plain': oddText,
    'text/html': oddText,
    'image/png': oddText,
    'image/svg+xml': oddText,
    'application/javascript': oddText,
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
  fc.record({ output_type: fc.constant('stream'), name: fc.constantFrom('stdout', 'stderr'), text: oddText }),
  fc.record({ output_type: fc.constant('display_data'), data: bundle, metadata }),
  fc.record({ output_type: fc.constant('execute_result'), data: bundle, metadata, execution_count: fc.nat() }),
  fc.record({
    output_type: fc.constant('error'),
    ename: oddText,
    evalue: oddText,
    traceback: fc.array(oddText, { maxLength: 3 }),
  }),
);
const cell = fc.oneof(
  fc.record({ cell_type: fc.constantFrom('markdown', 'raw'), metadata, source: oddText }),
  fc.record({
    cell_type: fc.constant('markdown'),
    metadata,
    source: oddText,
    attachments: fc.dictionary(fc.constantFrom('a.png', 'b.txt'), bundle),
  }),
  fc.record({
    cell_type: fc.constant('code'),
    metadata,
    source: oddText,
    execution_count: fc.option(fc.nat()),
    outputs: fc.array(output, { maxLength: 4 }),
  }),
);
/** Any notebook. */
export const anyNotebook = fc
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

/** Texts that are no JSON for Python. */
export const NO_JSON = [
  ',',
  '[1,]',
  '[1 2]',
  '{"a"}',
  '{"a":}',
  '{a: 1}',
  '01',
  '+1',
  '.5',
  '1.',
  '-NaN',
  '"a',
  '"\t"',
  '"\\x"',
  '[',
  '{}{}',
  'nul',
];

/** A notebook of nbformat 2 or 3. */
export const oldNotebook = (major: number, ...cells: readonly object[]): object => ({
  nbformat: major,
  nbformat_minor: 0,
  orig_nbformat: 2,
  metadata: { name: 'Old', signature: 'sha256:x', kernelspec: { name: 'python3' } },
  worksheets: [{ cells, metadata: {} }],
});

/** One of its cells. */
export const OLD_CODE = {
  cell_type: 'code',
  language: 'python',
  collapsed: true,
  input: 'a\nb',
  prompt_number: 3,
  outputs: [],
};
