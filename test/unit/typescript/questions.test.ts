import { afterAll, expect, test } from '@jest/globals';
import { CurveKernelError } from '#src/errors.js';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

test('input waits for a line without blocking the cell', async () => {
  const { cell, result } = await run(
    'let ticks = 0; const t = setInterval(() => ticks++, 1); const name = await input("Name? "); const secret = await input("Key? ", { password: true }); clearInterval(t); [name, secret]',
    {
      answers: ['Ada', 'k'],
    },
  );
  expect(result).toBe("[ 'Ada', 'k' ]");
  expect(cell.events.filter(({ kind }) => kind === 'input')).toEqual([
    { kind: 'input', prompt: 'Name? ', password: false },
    { kind: 'input', prompt: 'Key? ', password: true },
  ]);
});

test('prompt and confirm block the cell until the answer is there', async () => {
  const { result, cell } = await run('[prompt("A"), prompt("B", "fallback"), confirm("Sure?"), confirm("Really?")]', {
    answers: ['x', '', 'Yes', 'no'],
  });
  expect(result).toBe("[ 'x', 'fallback', true, false ]");
  expect(cell.events.map((each) => (each.kind === 'input' ? each.prompt : ''))).toEqual([
    'A ',
    'B [fallback] ',
    'Sure? [y/N] ',
    'Really? [y/N] ',
    '',
  ]);
});

test.each(['await input("x")', 'prompt("x")'])(
  'where the client takes no questions, %s throws what the kernel says',
  async (code) => {
    const { evalue } = await run(code, { answers: [new Error('this client takes no questions')] });
    expect(evalue).toBe('this client takes no questions');
  },
);

test.each(['await input("x")', 'prompt("x")'])('an interrupt ends %s', async (code) => {
  expect((await notebook.interruptAfter('asks', `console.log("asks"); ${code}`)).ename).toBe('Interrupted');
  const interrupted = new CurveKernelError('interrupted', 'interrupted', { hint: 'x' });
  expect((await run(code, { answers: [interrupted] })).ename).toBe('Interrupted');
  expect((await run('await input("again")', { answers: ['fine'] })).result).toBe("'fine'");
});
