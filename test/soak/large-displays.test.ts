import { afterAll, expect, test } from '@jest/globals';
import { openNotebook } from '../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

test('what is larger than the pipe takes is an error of the cell, which costs no variables', async () => {
  await run('var kept = 42');
  expect(await run('html("x".repeat(140e6))')).toMatchObject({
    ename: 'TypeError',
    evalue: expect.stringContaining('more than the limit'),
  });
  expect((await run('throw new Error("x".repeat(140e6))')).evalue).toMatch(/^x{1000,}… \(\d+ more characters\)$/);
  expect((await run('page("x".repeat(5e6))')).evalue).toContain('more than the limit');
  expect((await run('display("x", { metadata: { all: new Array(1e5).fill(1) } })')).evalue).toContain(
    'values, more than',
  );
  expect((await run('kept')).result).toBe('42');
});
