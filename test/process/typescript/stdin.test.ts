import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CurveKernelError } from '#src/errors.js';
import { inputUnavailableError } from '#src/kernel/input-requests.js';
import { openNotebook, type Notebook, type Ran } from '../../support/kernel/recorded-cell.js';

let notebook: Notebook;
beforeEach(() => {
  notebook = openNotebook();
});
afterEach(() => notebook.language.close?.('shutdown'));

const IMPORTS =
  "import * as readline from 'node:readline'; import { createInterface } from 'node:readline/promises'; import fs from 'node:fs'; const both = { input: process.stdin, output: process.stdout };";
const prompts = ({ cell }: Ran): string[] =>
  cell.events.flatMap((each) => (each.kind === 'input' ? [each.prompt] : []));
const ask = (code: string, ...answers: (string | Error)[]): Promise<Ran> =>
  notebook.run(`${IMPORTS} ${code}`, { answers });

describe('the front end is asked by', () => {
  test.each<[string, string, string[], string[], string]>([
    [
      'question of node:readline/promises',
      "const lines = createInterface(both); [await lines.question('name? '), await lines.question('age? ')]",
      ['Ada', '36'],
      ['name? ', 'age? '],
      "[ 'Ada', '36' ]",
    ],
    [
      'question of node:readline',
      "const lines = readline.createInterface(both); await new Promise((resolve) => lines.question('name? ', resolve))",
      ['Ada'],
      ['name? '],
      "'Ada'",
    ],
    [
      'question without an output',
      "await createInterface(process.stdin).question('name? ')",
      ['Ada'],
      ['name? '],
      "'Ada'",
    ],
    [
      'for await of lines',
      'const found = []; for await (const line of readline.createInterface({ input: process.stdin })) { found.push(line); if (line === "") break } found',
      ['a', 'b', ''],
      ['', '', ''],
      "[ 'a', 'b', '' ]",
    ],
    [
      'lines as events',
      'await new Promise((resolve) => readline.createInterface({ input: process.stdin }).once("line", resolve))',
      ['a line'],
      [''],
      "'a line'",
    ],
    [
      'data of process.stdin',
      'const chunk = await new Promise((resolve) => process.stdin.once("data", resolve)); String(chunk)',
      ['typed'],
      [''],
      "'typed\\n'",
    ],
    [
      'for await of process.stdin',
      'let chunk; for await (chunk of process.stdin) break; String(chunk)',
      ['typed'],
      [''],
      "'typed\\n'",
    ],
    ['readFileSync of descriptor 0', 'fs.readFileSync(0, "utf8")', ['typed'], [''], "'typed\\n'"],
    ['readFileSync of /dev/stdin', 'String(fs.readFileSync("/dev/stdin"))', ['typed'], [''], "'typed\\n'"],
    [
      'readSync of descriptor 0',
      'const one = Buffer.alloc(1); const read = () => { fs.readSync(0, one); return String(one) }; [read(), read(), read()]',
      ['ab'],
      [''],
      "[ 'a', 'b', '\\n' ]",
    ],
  ])('%s', async (_what, code, answers, asked, result) => {
    const ran = await ask(code, ...answers);
    expect(ran.evalue).toBe('');
    expect(ran.result).toBe(result);
    expect(prompts(ran)).toEqual(asked);
    expect(ran.stdout).toBe('');
  });

  test('an interface of an earlier cell, and only when it is asked', async () => {
    const made = await ask('var lines = createInterface(both); var other = readline.createInterface(process.stdin); 1');
    expect(prompts(made)).toEqual([]);
    const first = await ask('await lines.question("first? ")', 'one');
    expect([first.result, prompts(first)]).toEqual(["'one'", ['first? ']]);
    await ask('other.close()');
    const second = await ask('await lines.question("second? ")', 'two');
    expect([second.result, prompts(second)]).toEqual(["'two'", ['second? ']]);
  });

  test('and again after an interrupt', async () => {
    const interrupted = notebook.run(`${IMPORTS} console.log("go"); await createInterface(both).question("?")`, {
      onPrinted: [
        'go',
        (cell) => {
          cell.aborting.abort(new CurveKernelError('interrupted', 'the kernel was interrupted', { hint: 'none' }));
          return notebook.language.interrupt?.();
        },
      ],
    });
    expect((await interrupted).ename).toBe('Interrupted');
    expect((await ask('await createInterface(both).question("again? ")', 'yes')).result).toBe("'yes'");
  });
});

describe('a front end that takes no questions is an error at once, and no hang, for', () => {
  const REFUSED = 'the client that sent the request takes no questions';
  test.each([
    'await createInterface(both).question("name? ")',
    'await new Promise((resolve) => readline.createInterface(both).question("name? ", resolve))',
    'for await (const line of createInterface(both)) console.log(line)',
    'await new Promise((resolve) => createInterface(both).on("line", resolve))',
    'await new Promise((resolve) => process.stdin.on("data", resolve))',
    'for await (const chunk of process.stdin) console.log(chunk)',
    'fs.readFileSync(0)',
    'fs.readSync(0, Buffer.alloc(8))',
  ])('%s', async (code) => {
    const { evalue, stdout } = await ask(code, inputUnavailableError(REFUSED));
    expect(evalue).toContain(REFUSED);
    expect(stdout).toBe('');
    // The next cell may be run by a client that does.
    expect((await ask('await createInterface(both).question("name? ")', 'Ada')).result).toBe("'Ada'");
  });

  test('a question that a cell handles itself', async () => {
    const { evalue, stdout } = await ask(
      'try { await createInterface(both).question("?") } catch (error) { console.log("caught", error.message) } await new Promise((done) => setTimeout(done, 20))',
      inputUnavailableError(REFUSED),
    );
    expect([evalue, stdout]).toEqual(['', expect.stringMatching(/^caught .*takes no questions\.\n$/)]);
  });

  test('a question that the cell does not wait for, under that cell', async () => {
    const { cell, evalue } = await ask(
      'readline.createInterface(both).question("?", () => {}); await new Promise((done) => setTimeout(done, 0)); 1',
      inputUnavailableError(REFUSED),
    );
    // On a busy machine the cell is still there, waiting for its timer, and then fails with the error.
    const isTold = (): boolean => evalue.includes(REFUSED) || cell.events.some(({ kind }) => kind === 'error');
    for (const late = Date.now() + 30_000; !isTold() && Date.now() < late;) await notebook.run('1');
    if (evalue === '') {
      expect(cell.events).toContainEqual(
        expect.objectContaining({ kind: 'error', evalue: expect.stringContaining(REFUSED) }),
      );
    } else expect(evalue).toContain(REFUSED);
  });
});
