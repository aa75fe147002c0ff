import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signatureOf } from '#src/typescript/evaluator/inspect/signature.js';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
const { run, language } = notebook;
beforeAll(async () => {
  await run(
    `let asked = 0
     const point = { x: 1, yValue: 'text', inner: { deepest: [1] }, 'not a name': 1, get trap() { asked++; return { bait: 1 } } }
     class Animal { legs = 4; speak() {} static kinds = 1 }
     const cat = new Animal()
     const proxy = new Proxy({}, { ownKeys() { asked++; return [] }, get() { asked++; return 1 }, getOwnPropertyDescriptor() { asked++; return undefined } })
     const 猫 = { 'ねこ': 1 }`,
  );
});
afterAll(() => language.close?.('shutdown'));

/** Completes at `|`. */
async function complete(text: string) {
  const cursorPos = Array.from(text.slice(0, text.indexOf('|'))).length;
  const reply = await language.complete?.({ code: text.replace('|', ''), cursorPos }, new AbortController().signal);
  if (reply === undefined) throw new Error('the language does not complete');
  return reply;
}

describe('completion knows', () => {
  test.each([
    ['variables', 'poi|', 'point'],
    ['variables declared in the code itself', 'const localOne = 1; loc|', 'localOne'],
    ['globals', 'consol|', 'console'],
    ['keywords', 'awa|', 'await'],
    ['members', 'point.yV|', 'yValue'],
    ['members of members', "point['inner'].dee|", 'deepest'],
    ['members of elements', 'point.inner.deepest[0].toF|', 'toFixed'],
    ['optional chains', 'point?.inner?.de|', 'deepest'],
    ['methods of classes', 'cat.spe|', 'speak'],
    ['static members', 'Animal.ki|', 'kinds'],
    ['literals', '"text".toUpp|', 'toUpperCase'],
    ['what stands on another line', 'point\n  .inn|', 'inner'],
    ['templates', '`${point.yV|', 'yValue'],
    ['built-in objects', 'Math.flo|', 'floor'],
    ['keys', "point['not|", 'not a name'],
    ['modules of Node', "import fs from 'node:f|", 'node:fs'],
    ['packages', 'import("magic-s|', 'magic-string'],
    ['files', "require('./package.j|", './package.json'],
    ['values that are said not to be null', 'point!.yV|', 'yValue'],
    ['members of members that are said not to be null', 'point!.inner!.deepest![0]!.toF|', 'toFixed'],
    ['keys of those', "point!['not|", 'not a name'],
    ['optional chains of those', 'point!?.inner!?.de|', 'deepest'],
    ['values with a type', '(point as any).yV|', 'yValue'],
    ['values that satisfy a type', 'const v = (point satisfies object).inn|', 'inner'],
    ['values with a type before them', '(<any>point).yV|', 'yValue'],
    ['values in parentheses', 'return (point.inner)!.dee|', 'deepest'],
    ['what is behind a negation', '!point!.yV|', 'yValue'],
    ['names of any script', '猫.ね|', 'ねこ'],
  ])('%s', async (_what, text, expected) => {
    expect((await complete(text)).matches).toContain(expected);
  });

  test('nothing inside comments, strings and expressions that would have to be run', async () => {
    for (const text of [
      '// poi|',
      '/* poi|',
      '"poi|',
      '`poi|',
      'cat.speak().|',
      'cat.speak(point).|',
      'cat.speak(point)!.|',
      'if (point).|',
      'point.trap.|',
      'proxy.|',
      'nowhere.|',
      '1.|',
      '/poi|',
    ]) {
      expect((await complete(text)).matches).toEqual([]);
    }
    expect((await run('asked')).result).toBe('0');
  });
});

test('positions are code points, and matches have types', async () => {
  const reply = await complete('"😀😀"; cat.le|');
  expect(reply).toMatchObject({ matches: ['legs'], cursorStart: 10, cursorEnd: 12 });
  expect(reply.metadata).toEqual({
    _jupyter_types_experimental: [{ start: 10, end: 12, text: 'legs', type: 'instance' }],
  });
  expect((await complete('cat.spe|')).metadata).toMatchObject({ _jupyter_types_experimental: [{ type: 'function' }] });
});

test('a cell that waits does not keep completion waiting', async () => {
  const waiting = run('await new Promise(() => {})');
  expect((await complete('point.yV|')).matches).toEqual(['yValue']);
  await language.interrupt?.();
  await waiting;
});

test('a cell that spins leaves keywords and names of the code', async () => {
  const spinning = notebook.interruptAfter('go', 'console.log("go"); for (;;);');
  await spinning;
  const { ename } = await run('console.log("go"); for (;;);', {
    onPrinted: [
      'go',
      async () => {
        expect((await complete('const thing = 1; th|')).matches).toEqual(['thing', 'this', 'throw']);
        await language.interrupt?.();
      },
    ],
  });
  expect(ename).toBe('Interrupted');
});

function inspect(code: string, cursorPos: number) {
  return language.inspect?.({ code, cursorPos, detailLevel: 0 }, new AbortController().signal);
}

test('inspection describes values and functions, and calls none', async () => {
  expect(await inspect('point.inner', 8)).toMatchObject({
    found: true,
    data: { 'text/plain': expect.stringContaining('deepest') },
  });
  expect(await inspect('cat.speak(', 10)).toMatchObject({
    found: true,
    data: { 'text/plain': expect.stringContaining('speak()') },
  });
  expect(await inspect('nowhere', 3)).toEqual({ found: false, data: {} });
  expect((await run('asked')).result).toBe('0');
});

test.each([
  ['function typed(a: { b: number } = { b: 1 }, f?: () => { c: 1 }): { d: string } { return f }', ' { return f }'],
  ['<T extends { a: 1 }>(x: T, { y }: { y: "{" } = { y: "{" }): x is T => { return true }', ' { return true }'],
  ['class Typed<T = { a: 1 }> extends Base<{ b: 2 }> { x = {} }', ' { x = {} }'],
  ['static async method(this: { a: 1 }): Promise<{ b: 2 }> { return this }', ' { return this }'],
])('the signature of %s ends where its body begins', (source, body) => {
  expect(signatureOf(source)).toBe(source.slice(0, -body.length));
});

describe('inspection shows the whole signature of', () => {
  beforeAll(async () => {
    await run(`
      function braces({ a = { b: 1 } } = {}, s = "}{", t = { x: 1 }) { return { a, s, t } }
      const arrow = (x, { y } = {}) => ({ x, y });
      const block = async (f = () => { return 1 }) => { return f };
      class Base {}
      class Shape extends (class { inner() {} }) { area(unit = {}) { return 1 } static of({ sides }) { return sides } async *points(from = \`\${{}}\`) {} [["comp" + "uted"].join()](q = {}) {} }
      const shape = new Shape();
      const sloppy = new Function('a', 'with (a) { return b }');
    `);
  });
  test.each([
    ['display', 'display(value, options = {})'],
    ['braces', 'function braces({ a = { b: 1 } } = {}, s = "}{", t = { x: 1 })'],
    ['arrow', '(x, { y } = {}) => ({ x, y })'],
    ['Base', 'class Base'],
    ['Shape', 'class Shape extends (class { inner() {} })'],
    ['Shape.of', 'of({ sides })'],
    ['shape.area', 'area(unit = {})'],
    ['shape.points', 'async *points(from = `${{}}`)'],
    ['shape.computed', '[["comp" + "uted"].join()](q = {})'],
    ['sloppy', 'function anonymous(a )'],
    ['block', 'async (f = () => { return 1 }) =>'],
    ['Math.max', 'function max() { [native code] }'],
  ])('%s', async (code, shown) => {
    const text = (await inspect(code, code.length))?.data['text/plain'];
    expect(typeof text === 'string' && text.replace(/\s+/g, ' ')).toBe(shown);
  });
});
