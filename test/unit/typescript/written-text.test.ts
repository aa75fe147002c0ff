import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

async function last(...cells: readonly string[]): Promise<string | undefined> {
  let result: string | undefined;
  for (const code of cells) {
    const ran = await run(code);
    expect(ran.traceback).toBe('');
    result = ran.result;
  }
  return result;
}

describe('the text of a function is what was written', () => {
  test.each([
    ['an async arrow', 'async (x) => { const y = await x;  return y }'],
    ['an async function', 'async function load(u) { for await (const x of u) { await x } }'],
    ['an async generator', 'async function* all() { yield await 1 }'],
    [
      'a class',
      'class A { async m() { return await this.n } static async *s() { yield await 1 } #p = async () => await 0 }',
    ],
    ['a function that imports', '() => import("./x.js").then((m) => m.y + import.meta.url)'],
    ['a function with comments', 'function c() { /* here */ return 1 // there\n}'],
  ])('%s', async (_what, text) => {
    expect(await last(`const written = ${text}`, 'String(written)')).toBe(await last(JSON.stringify(text)));
    expect(
      await last('`${written}` === written.toString() && Function.prototype.toString.call(written) === "" + written'),
    ).toBe('true');
  });

  test('also of methods, and without its types where it has some', async () => {
    expect(await last('class B { async m() { return await 1 } }', 'String(B.prototype.m)')).toBe(
      "'async m() { return await 1 }'",
    );
    const text = await last('const typed = async (x: number): Promise<number> => await x; String(typed)');
    expect(text).toMatch(/^'async \(x\) => await x'$/);
  });

  test('and runs elsewhere', async () => {
    expect(
      await last(
        'import vm from "node:vm"; import { Worker } from "node:worker_threads"',
        'const far = async (a) => { await null; try { await Promise.reject(1) } catch { return a + 1 } }',
        'await vm.runInNewContext(`(${far})(1)`)',
      ),
    ).toBe('2');
    expect(
      await last(
        'const worker = new Worker(`(${far})(41).then((r) => require("node:worker_threads").parentPort.postMessage(r))`, { eval: true }); await new Promise((resolve, reject) => { worker.once("message", resolve); worker.once("error", reject) })',
      ),
    ).toBe('42');
  });

  test('functions of the language stay native', async () => {
    expect(
      await last(
        '[String(Array.prototype.map), String(Function.prototype.toString)].every((t) => /native code/.test(t))',
      ),
    ).toBe('true');
    expect((await run('Function.prototype.toString.call({})')).ename).toBe('TypeError');
  });
});
