import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

describe('assigning to a constant of the same cell is a TypeError', () => {
  test.each([
    ['by =', 'k = 2'],
    ['by +=', 'k += 1'],
    ['by ++', 'k++'],
    ['by -- before it', '--k'],
    ['by ??= of nothing', 'k ??= 2', 'undefined'],
    ['in an array', '[k] = [2]'],
    ['in an object', '({ k } = { k: 2 })'],
    ['in an object, with a default', '({ k = 3 } = {})'],
    ['under another name in an object', '({ a: [k] } = { a: [2] })'],
    ['as the rest', '[...k] = [2]'],
    ['as the target of a loop', 'for (k of [2]);'],
    ['as the target of a loop over keys', 'for (k in { a: 1 });'],
    ['in a function', 'function assign() { k = 2 }\nassign()'],
    ['in a method', 'class A { static { k = 2 } }'],
    ['in a block', '{ { k = 2 } }'],
    ['in parentheses', '(k) = 2'],
    ['in a cell that awaits', 'await 0; k = 2'],
    ['beside using', 'using held = null; k = 2'],
    ['in TypeScript', 'k = 2 as number'],
  ])('%s', async (_how, assignment, value = '1') => {
    const { ename, evalue, traceback } = await run(`const k = ${value};\n${assignment}`);
    expect({ ename, evalue }).toEqual({ ename: 'TypeError', evalue: 'Assignment to constant variable.' });
    expect(traceback).toMatch(/Cell \[\d+\]:2:/);
    expect((await run('k')).result).toBe(value === 'undefined' ? undefined : '1');
  });

  test('with the name of what is used', async () => {
    expect((await run('using held = null; held = 2')).ename).toBe('TypeError');
    expect((await run('await using held = null; held = 2')).ename).toBe('TypeError');
  });

  test('with a name that a function was declared for, or an import', async () => {
    expect((await run('const { a, b: [c] } = { a: 1, b: [2] }; c = 3')).ename).toBe('TypeError');
    expect((await run('import { sep } from "node:path"; sep = 1')).ename).toBe('TypeError');
    expect((await run('import * as path from "node:path"; path = 1')).ename).toBe('TypeError');
  });

  test('in a function that is called later', async () => {
    await run('const late = 1; const assignLate = () => { late = 2 }');
    expect((await run('assignLate()')).ename).toBe('TypeError');
    expect((await run('late')).result).toBe('1');
  });
});

test.each([
  ['a variable of a function', 'const k = 1; (() => { let k = 1; k = 2; return k })()'],
  ['a parameter', 'const k = 1; ((k) => { k = 2; return k })(0)'],
  ['a parameter of a pattern', 'const k = 1; (({ k }) => { k++; return k })({ k: 1 })'],
  ['a variable of a block', 'const k = 1; let r; { let k = 1; k++; r = k }\nr'],
  ['a var of a function, assigned in a block before it', 'const k = 1; (() => { { k = 2 } var k; return k })()'],
  ['a variable of a loop', 'const k = 1; let r; for (let k = 2; k < 3; k++) r = k;\nr'],
  ['a caught error', 'const k = 1; let r; try { throw 1 } catch (k) { k = 2; r = k }\nr'],
  ['a function in a function', 'const k = 1; (() => { function k() {} k = 2; return k })()'],
  ['the name of a key', 'const k = 1; const o = { k: 1 }; o.k = 2; o.k'],
  ['let', 'let l = 1; l = 2; l'],
  ['a class', 'class K {} K = 2; K'],
  ['??= of something', 'const k = 2; k ??= 3; k'],
])('what only looks like one can be assigned: %s', async (_what, code) => {
  const { result, traceback } = await run(code);
  expect(traceback).toBe('');
  expect(result).toBe('2');
});

test('a later cell may declare a constant anew, and assign to it', async () => {
  await run('const free = 1');
  expect((await run('free = 2; free')).result).toBe('2');
  expect((await run('const free = 3; free')).result).toBe('3');
  expect((await run('let free = 4; free++; free')).result).toBe('5');
});

describe('a global of Node that a cell declares anew', () => {
  test.each([
    ['const crypto = globalThis.crypto; typeof crypto?.randomUUID', "'function'"],
    ['await 0; const navigator = globalThis.navigator ?? {}; typeof navigator', "'object'"],
    ['let fetch = globalThis.fetch ?? 1; typeof fetch', "'function'"],
    ['var performance = performance; typeof performance.now', "'function'"],
    ['const { process, Buffer } = globalThis; [typeof process.cwd, typeof Buffer.from]', "[ 'function', 'function' ]"],
    ['class CustomEvent {}\nCustomEvent.name', "'CustomEvent'"],
    ['function structuredClone() { return 1 }\nstructuredClone()', '1'],
    ['const Blob = class extends globalThis.Blob {}; new Blob(["a"]).size', '1'],
  ])('has the value that was meant: %s', async (code, expected) => {
    const { result, traceback } = await run(code);
    expect(traceback).toBe('');
    expect(result).toBe(expected);
  });

  test.each([
    ['cannot be imported', 'import { process, Buffer, crypto } from "no-such-package"'],
    ['is one of several imports of which one fails', 'import { posix as process, nope as Buffer } from "node:path"'],
    ['comes after an error', 'throw 1; const process = 1, Buffer = 2, crypto = 3;'],
    ['comes after an error of a cell that awaits', 'await 0; throw 1; let { process, Buffer, crypto } = {};'],
    ['is a class after an error', 'throw 1; class crypto {}'],
  ])('stays as it was where it %s', async (_what, code) => {
    const fresh = openNotebook();
    expect((await fresh.run(code)).outcome.status).toBe('error');
    const { result } = await fresh.run(
      '[typeof process.cwd, typeof Buffer.from, typeof crypto.randomUUID, require("node:util").inspect(Buffer.from("a"))]',
    );
    expect(result).toBe("[ 'function', 'function', 'function', '<Buffer 61>' ]");
    await fresh.language.close?.('shutdown');
  });
});

test('a name that could not be imported is not declared', async () => {
  await run('import { notThere } from "no-such-package"');
  expect((await run('notThere')).ename).toBe('ReferenceError');
});
