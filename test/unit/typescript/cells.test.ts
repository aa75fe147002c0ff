import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

/** Runs cells one after the other; the result of the last. */
async function last(...cells: readonly string[]): Promise<string | undefined> {
  let result: string | undefined;
  for (const code of cells) {
    const ran = await run(code);
    expect(ran.traceback).toBe('');
    result = ran.result;
  }
  return result;
}

describe('what a cell results in', () => {
  test('is the value of its last expression, whatever punctuation follows', async () => {
    expect(await last('1 + 1')).toBe('2');
    expect(await last('1 + 1;')).toBe('2');
    expect(await last('"text";;')).toBe("'text'");
    expect(await last('({ a: [1, { b: 2 }] })')).toBe('{ a: [ 1, { b: 2 } ] }');
    expect(await last('const three = 3\nthree // said a comment')).toBe('3');
    expect(await last('await Promise.resolve(4)')).toBe('4');
    expect(await last('export default 5')).toBe('5');
  });

  test.each([
    ['import type { Stats } from "fs"; 5'],
    ['import type Stats from "fs"; 5 // a comment'],
    ['import { type Stats } from "fs"; 5'],
    ['export type Q = 1; 5'],
    ['interface Q { a: 1 } 5;'],
    ['export interface Q { a: 1 }\n5\n/* a comment */'],
    ['export type { Stats } from "fs"; 5'],
    ['declare const q: number; 5'],
    ['export declare function q(): void; 5'],
    ['export {}; 5'],
    ['5; export {}'],
    ['type Q = 1; export type { Q }; await 5'],
    ['5; import type { Stats } from "fs"'],
  ])('is an expression beside types: %s', async (code) => {
    expect(await last(code)).toBe('5');
  });

  test.each([
    ['{ a: 1, b: 2 }', '{ a: 1, b: 2 }'],
    ['{ a: 1 }', '{ a: 1 }'],
    ['{ a: 1, b: 2 };', '{ a: 1, b: 2 }'],
    [' // before\n/* { */ { a: 1 } ; // after }\n/* } */', '{ a: 1 }'],
    ['{ five }', '{ five: 5 }'],
    ['{ five, six: 6, }', '{ five: 5, six: 6 }'],
    ['{}', '{}'],
    ['{ ...{ a: 1 } }', '{ a: 1 }'],
    ['{ ["a" + five]: 1 }', '{ a5: 1 }'],
    ['{ "a b": 1, 2: 3 }', "{ '2': 3, 'a b': 1 }"],
    ['{ f() {}, get g() { return 1 } }', '{ f: [Function: f], g: [Getter] }'],
    ['{ a: five as number, b: <unknown>five }', '{ a: 5, b: 5 }'],
    ['{ a: await Promise.resolve(1) }', '{ a: 1 }'],
    ['{\n  a: {\n    b: [1]\n  }\n}', '{ a: { b: [ 1 ] } }'],
    ['{ let x = 1; x }', undefined],
    ['{ five; }', undefined],
    ['{ five = 5 }', undefined],
    ['{ { five } }', undefined],
    ['{ five }\nfive', '5'],
    ['{ a: for (;;) break a }', undefined],
    ['{ }\n1', '1'],
  ])('is an object, not a block, where that parses: %s', async (code, expected) => {
    await run('var five = 5');
    expect(await last(code)).toBe(expected);
  });

  test('has the places of errors in an object right', async () => {
    expect((await run('{ a: 1, b: missing }')).traceback).toContain('line 1:12');
    expect((await run('{ a: 1,\n b: missing }')).traceback).toContain('line 2:5');
  });

  test('is nothing when it ends in a statement or in undefined', async () => {
    expect(await last('1; const unseen = 2')).toBeUndefined();
    expect(await last('1; function unseenToo() {}')).toBeUndefined();
    expect(await last('undefined')).toBeUndefined();
    expect(await last('await null; const alsoUnseen = 1')).toBeUndefined();
    expect(await last('')).toBeUndefined();
    expect(await last('// nothing')).toBeUndefined();
    expect(await last('#!/usr/bin/env -S npx tsx\nconst scripted: number = 1')).toBeUndefined();
    expect(await last('@((c: unknown) => c) class Decorated {}')).toBeUndefined();
  });

  test('is a promise where the cell ends in one, not what it resolves to', async () => {
    expect(await last('Promise.resolve(1)')).toContain('Promise');
    expect(await last('await 0; Promise.resolve(1)')).toContain('Promise');
  });

  test('is not shown when the request is silent', async () => {
    expect((await run('1 + 1', { silent: true })).result).toBeUndefined();
  });
});

describe('declarations', () => {
  test.each([
    ['const', 'const again = 1', 'const again = 2', 'again'],
    ['let', 'let again = 1', 'let again = 2', 'again'],
    ['class', 'class Again { n = 1 }', 'class Again { n = 2 }', 'new Again().n'],
    ['function', 'function again2() { return 1 }', 'function again2() { return 2 }', 'again2()'],
    ['enum', 'enum Level { Low, High }', 'enum Level { Only = "only" }', 'Object.keys(Level).length * 2'],
    ['an enum of a constant', 'const Five = 5', 'enum Five { Two = 2 }', 'Five.Two'],
    [
      'an enum in a cell that awaits',
      'enum Rank { One }',
      'await 0; enum Rank { A = 1 }\nenum Rank { B = 2 }',
      'Rank.A * Rank.B * Object.keys(Rank).length / 4',
    ],
    ['const in a cell that awaits', 'await 0; const again3 = 1', 'await 0; const again3 = 2', 'again3'],
    ['a function as a constant', 'function again4() {}', 'const again4 = 2', 'again4'],
    ['a global of Node', 'const crypto = 1', 'import crypto from "node:crypto"; const navigator = 2', 'navigator'],
  ])('with %s can be run again', async (_kind, first, second, expression) => {
    expect(await last(first, second, expression)).toBe('2');
  });

  test('without a value are undefined again', async () => {
    expect(await last('let blank; blank = 1', 'let blank', 'String(blank)')).toBe("'undefined'");
    expect(await last('let blank2; blank2 = 1', 'await 0; let blank2', 'String(blank2)')).toBe("'undefined'");
  });

  test('make one variable that functions of all cells share', async () => {
    expect(await last('let n = 0; function inc() { n++ }', 'inc(); inc()', 'n = 10', 'inc(); n')).toBe('11');
    expect(await last('await 0; let m = 0; function incM() { m++ }', 'incM(); m = 10', 'incM(); m')).toBe('11');
  });

  test('of functions are hoisted, also in cells that await', async () => {
    expect(await last('early(); function early() { return 1 }\nearly()')).toBe('1');
    expect(await last('const got = await Promise.resolve(lateOne());\nfunction lateOne() { return 7 }\ngot')).toBe('7');
    expect(await last('await 0;\nfunction only() { return 8 }', 'only()')).toBe('8');
  });

  test('destructure', async () => {
    expect(await last('const { p, q: [r, ...s], ...t } = { p: 1, q: [2, 3, 4], u: 5, v: 6 }', '[p, r, s, t]')).toBe(
      '[ 1, 2, [ 3, 4 ], { u: 5, v: 6 } ]',
    );
    expect(await last('const { w = 9 } = await Promise.resolve({}), [x] = [1]', '[w, x]')).toBe('[ 9, 1 ]');
  });

  test('with var in blocks and loops outlive a cell that awaits', async () => {
    expect(
      await last(
        'for (var i = 0; i < 3; i++) await 0;\nif (true) { var { j } = { j: 5 } }\nfor (var k of [7]) await 0;',
        '[i, j, k]',
      ),
    ).toBe('[ 3, 5, 7 ]');
    expect(await last('for (let hidden = 0; hidden < 1; hidden++);', 'typeof hidden')).toBe("'undefined'");
  });

  test('that fail to be assigned leave the others of the cell', async () => {
    await run('const kept = 1; throw new Error("after it")');
    expect(await last('kept')).toBe('1');
  });
});

describe('TypeScript', () => {
  test('types, interfaces, assertions, enums, namespaces and parameter properties', async () => {
    expect(
      await last(
        'interface Point { x: number } type Id = string; const at = { x: 1 } as Point; (at satisfies Point).x',
      ),
    ).toBe('1');
    expect(await last('enum Colour { Red, Green = "g" } [Colour.Red, Colour.Green, Colour[0]]')).toBe(
      "[ 0, 'g', 'Red' ]",
    );
    expect(await last('namespace Shapes { export const sides = 4 }', 'Shapes.sides')).toBe('4');
    expect(
      await last(
        'class Box<T> { constructor(private readonly value: T) {} get() { return this.value } }',
        'new Box<number>(3).get()',
      ),
    ).toBe('3');
    expect(await last('const asserted = <number>(5 as unknown); asserted')).toBe('5');
    expect(await last('declare const elsewhere: number; abstract class Base { abstract f(): void }; typeof Base')).toBe(
      "'function'",
    );
    expect(await last('function over(a: number): void;\nfunction over(a: unknown) { return a }\nover(6)')).toBe('6');
  });

  test('JSX, where the code is no TypeScript without it', async () => {
    expect(
      await last(
        'const React = { createElement: (tag: string, props: object, ...kids: unknown[]) => [tag, props, kids] }',
        '<b id="x">hi</b>',
      ),
    ).toBe("[ 'b', { id: 'x' }, [ 'hi' ] ]");
  });

  test('decorators and using', async () => {
    expect(
      await last(
        'const log: string[] = []; function twice(t: object, k: string, d: PropertyDescriptor) { const f = d.value; return { ...d, value: () => f() * 2 } }',
        'class Counted { @twice n() { return 21 } }',
        'new Counted().n()',
      ),
    ).toBe('42');
    expect(
      await last(
        'function open(name: string) { return { name, [Symbol.dispose]() { log.push(name) } } }',
        'using a = open("a"); using b = open("b"); const seen = log.length; b.name + seen',
      ),
    ).toBe("'b0'");
    expect(await last('log')).toBe("[ 'b', 'a' ]");
    expect(
      await last('await using c = { async [Symbol.asyncDispose]() { await 0; log.push("c") } }', 'log.at(-1)'),
    ).toBe("'c'");
  });

  test('using belongs to its cell, also where two cells run beside each other', async () => {
    await last(
      'const order: string[] = []; const held = (n: string) => ({ [Symbol.asyncDispose]: async () => { order.push(n) } })',
    );
    const first = run('{ await using a = held("a"); await new Promise((r) => (globalThis.goOn = r)); }');
    expect(await last('{ await using b = held("b"); goOn(); }')).toBeUndefined();
    expect((await first).traceback).toBe('');
    expect(await last('order.toSorted()')).toBe("[ 'a', 'b' ]");
    expect(await last('Object.keys(globalThis).filter((name) => name.startsWith("_"))')).toBe('[]');
  });

  test('is strict, as modules are', async () => {
    expect((await run('undeclared = 1')).ename).toBe('ReferenceError');
  });
});

describe('await at the top level', () => {
  test('in every place where a module may await', async () => {
    expect(await last('const doubled = (await Promise.resolve(2)) * 2; doubled')).toBe('4');
    expect(
      await last('const seen2 = []; for await (const each of [Promise.resolve(1), 2]) seen2.push(each); seen2'),
    ).toBe('[ 1, 2 ]');
    expect(
      await last(
        'async function* three() { yield 1; yield 2; yield 3 }\nlet sum = 0; for await (const each of three()) { if (each === 3) break; sum += each }\nsum',
      ),
    ).toBe('3');
    expect(await last('const nested = await (await Promise.resolve(async () => 5))(); nested')).toBe('5');
    expect(await last('if (await true) { await 0 }; `${await Promise.resolve("t")}`')).toBe("'t'");
  });

  test('leaves a rejection to try and catch', async () => {
    expect(
      await last(
        'let caught; try { await Promise.reject(new Error("no")) } catch (e) { caught = (e as Error).message } caught',
      ),
    ).toBe("'no'");
  });
});

test('user expressions are values or errors, each by itself, after the cell has run', async () => {
  const { outcome } = await run('const base = 20', {
    userExpressions: { sum: 'base + 1', bad: 'missing', syntax: 'a b', awaited: 'await Promise.resolve(3)' },
  });
  expect(outcome).toMatchObject({
    status: 'ok',
    userExpressions: {
      sum: { status: 'ok', data: { 'text/plain': '21' } },
      bad: { status: 'error', ename: 'ReferenceError' },
      syntax: { status: 'error', ename: 'SyntaxError' },
      awaited: { status: 'ok', data: { 'text/plain': '3' } },
    },
  });
});

describe('imports and exports', () => {
  test('are there before the statements of their cell', async () => {
    expect(await last('const joined = join("a", "b");\nimport { join } from "node:path";\njoined')).toBe("'a/b'");
    expect(await last('sepOf();\nfunction sepOf() { return sep }\nimport { sep } from "node:path";\nsepOf()')).toBe(
      "'/'",
    );
    expect(
      await last(
        'import "node:os";\nconst d = delimiter;\nimport { delimiter } from "node:path";\nimport "node:fs"\nd',
      ),
    ).toBe("':'");
  });

  test('that fail do so before anything has run', async () => {
    const { evalue, traceback } = await run('var ranBefore = 1\nimport "no-such-package"');
    expect(evalue).toContain('no-such-package');
    expect(traceback).toContain('line 2:1');
    expect(await last('ranBefore')).toBeUndefined();
  });

  test('of other modules bind what they export', async () => {
    expect(await last('export * as ns from "node:path"', 'ns.join("a", "b")')).toBe("'a/b'");
    expect(await last('export { basename, extname as ext } from "node:path"', '[basename("a/b"), ext("c.d")]')).toBe(
      "[ 'b', '.d' ]",
    );
    expect(await last('export * from "node:querystring"', 'escape("a b") + unescapeBuffer("a")')).toBe("'a%20ba'");
    expect(await last('export { default } from "node:path"; 1')).toBe('1');
  });

  test('of own names and values are declarations like any other', async () => {
    expect(
      await last('export const exported = 1; export default function named() { return 2 }', '[exported, named()]'),
    ).toBe('[ 1, 2 ]');
    expect(await last('const listed = 3; export { listed, listed as other }; export default listed + 1')).toBe('4');
    expect(await last('export default class Shown {}', 'Shown.name')).toBe("'Shown'");
  });
});

test('cells have the conveniences of CommonJS and of modules', async () => {
  expect(await last('require("node:path").basename(__filename) + typeof module.exports + typeof exports')).toContain(
    'notebook.ts',
  );
  expect(
    await last('[typeof import.meta.url, import.meta.dirname === __dirname, import.meta.resolve("node:fs")]'),
  ).toBe("[ 'string', true, 'node:fs' ]");
});
