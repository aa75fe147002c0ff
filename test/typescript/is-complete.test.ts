import { describe, expect, test } from '@jest/globals';
import { isComplete } from '#src/typescript/is-complete.js';

describe('is_complete', () => {
  test.each([
    '1+1',
    'const a = 1',
    'function f() {}',
    '`a ${b} c`',
    '/[/]\\//.test(x)',
    'a / b / c',
    'class A { @dec() m() {} }',
    'x = <div>hi</div>',
    'await foo()',
    'import a from "b"',
    'for await (const x of y) {}',
    '// hi',
    '',
    'if (a) {\n b\n}',
    'let s = "`"',
    'using a = b();',
    'type A<T> = T extends string ? 1 : 2',
    'const f = async <T,>(x: T) => x',
    'a\n++b',
    'x = y < 3 && z > 4',
    'enum A {B}',
    '@dec class A {}',
  ])('complete: %s', async (code) => {
    expect(await isComplete(code)).toEqual({ status: 'complete' });
  });

  test.each([
    '1 +',
    'const a =',
    'function f() {',
    '`a ${',
    '`a',
    '/* x',
    'foo(',
    '[1,',
    'class A {',
    'if (a)',
    'x.',
    '() =>',
    '@dec',
    'import {a',
    'a ?',
    'for (',
    'await',
    'let s = `a\nb',
    'foo(`${a',
    'try {',
    'do {',
    'switch (a) { case 1:',
    'type A =',
    'interface B {',
    'a &&',
    'x = <div>',
    'class A extends',
    'foo(a, // c',
    'try {}',
    'function (',
  ])('incomplete: %s', async (code) => {
    expect(await isComplete(code)).toMatchObject({ status: 'incomplete' });
  });

  test.each([
    'const a = ;',
    'foo(]',
    '1 2',
    ')',
    'let 3 = 4',
    '"abc',
    "'abc\n",
    '/abc',
    'let a = 1; let a = 2',
    'return 5',
    'a b c',
    '}',
  ])('invalid: %s', async (code) => {
    expect(await isComplete(code)).toEqual({ status: 'invalid' });
  });

  test.each([
    ['function f() {', '  '],
    ['if (a) {\n  foo(', '    '],
    ['if (a) {\n  b', '  '],
    ['1 +', '  '],
    ['`text', ''],
  ])('the next line after %s is indented', async (code, indent) => {
    expect(await isComplete(code)).toEqual({ status: 'incomplete', indent });
  });

  test.each([
    '(',
    '[',
    '{a:',
    '`${',
    '!',
    'a=>',
    'a?b:',
    'if(1)',
    'with(a)',
    'new ',
    'typeof ',
    '() => {',
    'foo(',
    '<a>',
    'x as ',
    'for(;;)',
  ])('nesting that would overflow the native parser is answered without it: %s', async (opening) => {
    expect(await isComplete(opening.repeat(50_000))).toEqual({ status: 'unknown' });
    expect(await isComplete(`let a: ${opening.repeat(2000)}`)).toEqual({ status: 'unknown' });
  });
});
