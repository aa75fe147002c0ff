/** What is odd in notebooks of nbformat 2 and 3; what Python makes of them is compared in test/interop/nbformat.test.ts. */
import { expect, test } from '@jest/globals';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { oldNotebook, OLD_CODE } from '../../support/sample-notebooks.js';

test('what an old notebook holds as outputs is never a reason to refuse it', () => {
  const odd = [
    { output_type: 'pyout', metadata: [] },
    { output_type: 'display_data', json: '{' },
    { text: 'x' },
    null,
    1,
  ];
  for (const outputs of [...odd.map((one) => [one]), null, 'x', undefined]) {
    const text = JSON.stringify(oldNotebook(3, { ...OLD_CODE, outputs }));
    expect(formatNotebook(parseNotebook(text, 'x'))).toContain('"source": [\n    "a\\n",\n    "b"\n   ]');
  }
});

test('raw cells under their first name are raw cells', () => {
  const text = JSON.stringify(oldNotebook(2, { cell_type: 'plaintext', source: 'x' }));
  expect(parseNotebook(text, 'x').cells).toMatchObject([{ cell_type: 'raw', source: 'x' }]);
});
