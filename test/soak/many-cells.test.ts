import { afterAll, expect, test } from '@jest/globals';
import { openNotebook } from '../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

test('two thousand cells keep their order and lose nothing', async () => {
  await run('let counted = 0');
  const running = Array.from({ length: 2000 }, () => run('++counted'));
  const results = await Promise.all(running);
  expect(results.map(({ result }) => result)).toEqual(results.map((_, at) => String(at + 1)));
});
