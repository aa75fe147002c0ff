import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openNotebook, type Notebook } from '../support/kernel/recorded-cell.js';

let notebook: Notebook;
beforeEach(() => {
  notebook = openNotebook();
});
afterEach(() => notebook.language.close?.('shutdown'));

/** Cells of every kind work, and what an earlier one has kept is there. */
async function expectLiving(): Promise<void> {
  const { run } = notebook;
  expect((await run('kept')).result).toBe('42');
  expect((await run('interface A { a: number }\nconst typed: A = { a: 1 };\ntyped')).result).toBe('{ a: 1 }');
  expect((await run('const waited: number = await (async () => 3)(); waited')).result).toBe('3');
  expect((await run('import { basename } from "node:path"; await 0; basename("a/b")')).result).toBe("'b'");
  const failed = await run('function fails(): never { throw new TypeError("mine") }\nfails()');
  expect(failed).toMatchObject({ ename: 'TypeError', evalue: 'mine' });
  expect(failed.traceback).toMatch(/at fails \(Cell \[\d+\]:1:33\)/);
  expect((await run('const a b')).ename).toBe('SyntaxError');
  expect(
    (await run('console.log("printed"); display("shown"); kept', { userExpressions: { six: '6' } })).outcome,
  ).toMatchObject({
    status: 'ok',
    userExpressions: { six: { status: 'ok', data: { 'text/plain': '6' } } },
  });
  expect((await notebook.interruptAfter('spins', 'console.log("spins"); for (;;);')).ename).toBe('Interrupted');
  expect((await notebook.interruptAfter('waits', 'console.log("waits"); await { then() {} }')).ename).toBe(
    'Interrupted',
  );
  expect((await run('kept')).result).toBe('42');
}

test.each([
  'class Set { constructor(readonly mine = true) {} }',
  'class Map {}',
  'class Array {}',
  'class Object {}',
  'class Promise {}',
  'class Error {}',
  'class RegExp {}',
  'function Symbol() {}',
  'const String = 5, Number = 6, Boolean = 7',
  'const JSON = { parse: null }',
  'const Atomics = {}, Reflect = {}, Math = {}',
  'const performance = null, Buffer = null, process = null',
  'JSON.parse = () => { throw 1 }; JSON.stringify = () => "{}"',
  'Map.prototype.set = () => {}; Map.prototype.get = () => {}; Set.prototype.add = () => {}',
  'Array.prototype.map = () => [];',
  'Array.prototype.push = () => 0; Array.prototype.shift = () => {}; Array.prototype.every = () => false',
  'Object.prototype.toJSON = () => "mine"',
  'Object.prototype.get = () => 5',
  'Object.prototype.self = {}',
  'Array.prototype.toJSON = () => "mine"',
  'String.prototype.slice = () => ""; String.prototype.split = () => []; RegExp.prototype.exec = () => null',
  'Object.keys = Object.entries = () => []; Object.defineProperty = () => {}',
  'Promise.resolve = () => 5; Reflect.apply = () => {}',
  'Function.prototype.call = Function.prototype.bind = () => {}',
  'Object.defineProperty(globalThis, "Set", { get() { throw 1 }, configurable: true })',
])('a cell may replace what the evaluator is made of: %s', async (code) => {
  await notebook.run('const kept = 42');
  await notebook.run(code);
  await expectLiving();
});

test('and it keeps what it has made of them', async () => {
  const { run } = notebook;
  await run('class Set { mine = true }; Array.prototype.map = () => ["mine"] as any; Array.prototype.last = 1');
  await run('throw new Error("described with the originals")');
  expect((await run('[new Set().mine, [1].map(String), [].last]')).result).toBe("[ true, [ 'mine' ], 1 ]");
  await notebook.interruptAfter('spins', 'console.log("spins"); for (;;);');
  expect((await run('[new Set().mine, [1].map(String), [].last]')).result).toBe("[ true, [ 'mine' ], 1 ]");
});
