import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openNotebook, type Notebook } from '../../support/kernel/recorded-cell.js';

const folders: string[] = [];
const notebooks: Notebook[] = [];
afterAll(async () => {
  for (const each of notebooks) await each.language.close?.('shutdown');
  for (const each of folders) await rm(each, { recursive: true, force: true });
});

interface Place {
  /** Runs a program that gives `value`, as a cell, or as a file that a cell imports. */
  readonly inCell: (program: string, value: string) => Promise<string | undefined>;
  readonly inFile: (program: string, value: string, extension?: string) => Promise<string | undefined>;
  readonly notebook: Notebook;
}

async function place(files: Readonly<Record<string, string>> = {}, below = '.'): Promise<Place> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'jc-decorators-')));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const cwd = join(folder, below);
  await mkdir(cwd, { recursive: true });
  const notebook = openNotebook({ cwd });
  notebooks.push(notebook);
  let count = 0;
  const run = async (code: string): Promise<string | undefined> => {
    const { result, traceback } = await notebook.run(code);
    expect(traceback).toBe('');
    return result;
  };
  return {
    notebook,
    inCell: (program, value) => run(`${program};\n${value}`),
    async inFile(program, value, extension = '.ts') {
      const name = `file${++count}${extension}`;
      await writeFile(join(cwd, name), `${program}\nexport const value = ${value}`);
      return await run(`(await import("./${name}")).value`);
    },
  };
}

const CONTEXT =
  'const seen: any[] = []; function note(value: any, context: any) { seen.push([context.kind, String(context.name), context.static, context.private, typeof value]) }';

/** The same in cells and in files. */
const STANDARD: readonly (readonly [what: string, program: string, value: string, expected: string])[] = [
  [
    'see the value and its context',
    `${CONTEXT} @note class A { @note m() {} @note static s = 1; @note get g() { return 1 } @note accessor a = 1; @note #p = 1 }`,
    'seen.map(String).join(" ")',
    "'method,m,false,false,function getter,g,false,false,function accessor,a,false,false,object field,s,true,false,undefined field,#p,false,true,undefined class,A,,,function'",
  ],
  [
    'replace methods',
    'function twice(f: any, _c: any) { return function (this: any) { return 2 * f.call(this) } } class B { n = 21; @twice get() { return this.n } }',
    'new B().get()',
    '42',
  ],
  [
    'replace classes',
    'function more(C: any, _c: any) { return class extends C { extra = 1 } } @more class C { own = 2 }',
    'Object.entries(new C())',
    "[ [ 'own', 2 ], [ 'extra', 1 ] ]",
  ],
  [
    'make initial values',
    'function add(n: number) { return (_v: undefined, _c: ClassFieldDecoratorContext) => (first: number) => first + n } class D { @add(1) @add(10) x = 100; @add(5) static y = 0 }',
    '[new D().x, D.y]',
    '[ 111, 5 ]',
  ],
  [
    'add initializers',
    'function bound(f: any, c: any) { c.addInitializer(function (this: any) { this[c.name] = this[c.name].bind(this) }) } class E { n = 3; @bound get() { return this.n } }',
    '(0, new E().get)()',
    '3',
  ],
  [
    'make accessors',
    'function logged(v: any, c: any) { return { get() { return v.get.call(this) + 1 }, set(n: number) { v.set.call(this, n * 2) }, init(n: number) { return n * 10 } } } class F { @logged accessor x = 1 } const f = new F(); const first = f.x; f.x = 5',
    '[first, f.x]',
    '[ 11, 11 ]',
  ],
  [
    'leave accessors alone',
    'class G { accessor x = 1; static accessor y = 2 }; const g = new G(); g.x += 4; G.y++',
    '[g.x, G.y]',
    '[ 5, 3 ]',
  ],
  [
    'have metadata',
    'function tag(_v: unknown, c: any) { c.metadata[c.name] = true } class H { @tag a() {} @tag b = 1 }',
    'Object.keys((H as any)[(Symbol as any).metadata ?? Symbol.for("Symbol.metadata")])',
    "[ 'a', 'b' ]",
  ],
  [
    'stand in functions, expressions and default values',
    'function q(v: any, _c: any) { v.q = 1 } function make(D = @q class { static #x = 2; static x() { return this.#x } }) { @q class I {} return [(I as any).q, (D as any).q, D.x()] } const J = @q class {}',
    '[...make(), (J as any).q, J.name]',
    "[ 1, 1, 2, 1, 'J' ]",
  ],
  [
    'use private names, static blocks and themselves',
    'function w(f: any, _c: any) { return function (this: any, ...a: any[]) { return f.apply(this, a) + 1 } } class K { static me: any; #n = 1; static { K.me = K } @w #add(k: number) { return this.#n + k } add(k: number) { return this.#add(k) } self() { return K === K.me } }',
    '[new K().add(1), new K().self()]',
    '[ 3, true ]',
  ],
  [
    'may be awaited',
    'const make2 = async () => (v: any, _c: any) => { v.ok = 4 }; @(await make2()) class L {}',
    '(L as any).ok',
    '4',
  ],
  [
    'stand beside each other with variables of their own',
    'const inits: number[] = []; function init(n: number) { return (_v: any, c: any) => { c.addInitializer(() => { inits.push(n) }) } } class M { @init(1) a() {} } class N { @init(2) b() {} } new M(); new N(); new M()',
    'inits',
    '[ 1, 2, 1 ]',
  ],
  [
    'go with enums, namespaces and parameter properties',
    'enum Level { Low = 1, High = Low << 2 } namespace Inner { export const deep = Level.High } class O { constructor(readonly n: number, private m = 2) {} get sum() { return this.n + this.m } }',
    '[Level.High, Inner.deep, new O(1).sum, Level[1]]',
    "[ 4, 4, 3, 'Low' ]",
  ],
  [
    'go beside namespaces with variables',
    'namespace Counter { export let n = 1; export function grow() { return ++n } } namespace Counter { export const twice = () => n * 2 } Counter.grow()',
    '[Counter.n, Counter.twice()]',
    '[ 2, 4 ]',
  ],
  [
    'go with using',
    'const closed: string[] = []; function open(n: string) { return { n, [Symbol.dispose]() { closed.push(n) } } } function both() { using a = open("a"); using b = open("b"); return a.n + b.n } const names = both(); { using c = open("c") }',
    '[names, ...closed]',
    "[ 'ab', 'b', 'a', 'c' ]",
  ],
  [
    'go with await using',
    'const ended: string[] = []; async function late() { await using a = { async [Symbol.asyncDispose]() { await null; ended.push("a") } }; return ended.length } const before = await late()',
    '[before, ...ended]',
    "[ 0, 'a' ]",
  ],
];

/** As `experimentalDecorators` has them. */
const LEGACY: readonly (readonly [what: string, program: string, value: string, expected: string])[] = [
  [
    'see the target, the key and the descriptor',
    'const got: any[] = []; function n(...a: any[]) { got.push(a.length, typeof a[0], a[1]) } class P { @n m() {} }',
    'got',
    "[ 3, 'object', 'm' ]",
  ],
  [
    'change descriptors',
    'function up(t: any, k: string, d: PropertyDescriptor) { const f = d.value; d.value = () => f().toUpperCase() } class Q { @up hi() { return "hi" } }',
    'new Q().hi()',
    "'HI'",
  ],
  [
    'see parameters',
    'const at: any[] = []; function par(t: any, k: any, i: number) { at.push(k, i) } class R { m(a: number, @par b: number) {} }',
    'at',
    "[ 'm', 1 ]",
  ],
  [
    'replace classes',
    'function cl(C: any): any { return class extends C { x = 1 } } @cl class S {}',
    'new (S as any)().x',
    '1',
  ],
];

describe('decorators of TC39', () => {
  let here: Place;
  beforeAll(async () => {
    here = await place();
  });
  test.each(STANDARD)('%s, in cells', async (_what, program, value, expected) => {
    expect(await here.inCell(program, value)).toBe(expected);
  });
  test.each(STANDARD)('%s, in files', async (_what, program, value, expected) => {
    expect(await here.inFile(program, value)).toBe(expected);
    // CommonJS has no await at its top level.
    if (!/await (?:late|make2)\(/.test(program)) expect(await here.inFile(program, value, '.cts')).toBe(expected);
  });

  test('are the same in files of every extension', async () => {
    const [, program, value, expected] = STANDARD[0] ?? ['', '', '', ''];
    for (const extension of ['.tsx', '.mts']) expect(await here.inFile(program, value, extension)).toBe(expected);
  });

  test('leave no variables but those of the cell, and none that two cells share', async () => {
    const { notebook } = here;
    await notebook.run(
      'function keep(_v: any, c: any) { c.addInitializer(function (this: any) { this.kept = c.name }) }',
    );
    await notebook.run('class One { @keep one() {} }');
    await notebook.run('class Two { @keep two() {} }');
    expect((await notebook.run('[new One().kept, new Two().kept]')).result).toBe("[ 'one', 'two' ]");
    expect((await notebook.run('Object.keys(globalThis).filter((name) => name.startsWith("_"))')).result).toBe('[]');
    expect((await notebook.run('class One { @keep again() {} }')).result).toBeUndefined();
    expect((await notebook.run('new One().kept')).result).toBe("'again'");
  });

  test('end in a result where the cell does', async () => {
    const { notebook } = here;
    expect((await notebook.run('@((v: any, _c: any) => v) class Silent {}')).result).toBeUndefined();
    expect((await notebook.run('@((v: any, _c: any) => v) class Silent {}; 5')).result).toBe('5');
    expect(
      (await notebook.run('5; @((v: any, _c: any) => v) class Silent {}\ninterface Gone {}')).result,
    ).toBeUndefined();
    expect((await notebook.run('export default @((v: any, _c: any) => v) class {}')).traceback).toBe('');
  });

  test('have errors at their lines', async () => {
    const { notebook } = here;
    const cell =
      'function plain(v: any, c: any) { return v }\ninterface Unseen {}\nclass Fails {\n  @plain fail(): never {\n    throw new Error("here");\n  }\n}\nnew Fails().fail()';
    expect((await notebook.run(cell)).traceback).toContain(']:5:11');
    expect((await notebook.run('class A {\n  @missing m() {}\n}')).traceback).toContain(']:2:4');
    expect((await notebook.run('class A {\n  @ m() {} = }\n}')).traceback).toContain('line 2:');
    await here.inFile(cell.replace('new Fails().fail()', 'export const fail = () => new Fails().fail();'), '1');
    const { traceback } = await notebook.run(
      'import * as files from "node:fs"; const last = files.readdirSync(".").map((f) => Number(/^file(\\d+)\\.ts$/.exec(f)?.[1] ?? 0)).sort((a, b) => b - a)[0]; (await import(`./file${last}.ts`)).fail()',
    );
    expect(traceback).toMatch(/file\d+\.ts:5:11/);
  });
});

describe('decorators of experimentalDecorators', () => {
  test.each([
    ['in the folder', { 'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }' }, '.'],
    [
      'with comments',
      { 'tsconfig.json': '// said\n{ /* here */ "compilerOptions": { "experimentalDecorators": true, }, }' },
      '.',
    ],
    ['above', { 'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }' }, 'below/deep'],
    [
      'that extends another',
      {
        'tsconfig.json': '{ "extends": "./base" }',
        'base.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
      },
      '.',
    ],
    [
      'that extends a package',
      {
        'tsconfig.json': '{ "extends": "basis/tsconfig.json" }',
        'node_modules/basis/package.json': '{ "name": "basis" }',
        'node_modules/basis/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
      },
      '.',
    ],
  ])('are those of a tsconfig.json %s', async (_where, files, below) => {
    const here = await place(files, below);
    for (const [, program, value, expected] of LEGACY) {
      expect(await here.inCell(program, value)).toBe(expected);
      expect(await here.inFile(program, value)).toBe(expected);
    }
  });

  test('have metadata where that is wanted', async () => {
    const here = await place({
      'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }',
    });
    await here.notebook.run(
      'const kept: any = {}; (Reflect as any).metadata = (key: string, value: unknown) => () => { kept[key] = value }',
    );
    expect(
      await here.inCell(
        'function d(..._a: any[]) {} class T { @d m(n: number): string { return "" } }',
        '[kept["design:paramtypes"], kept["design:returntype"]]',
      ),
    ).toBe('[ [ [Function: Number] ], [Function: String] ]');
  });

  test('are recognised by signatures that can mean nothing else', async () => {
    const here = await place();
    for (const [, program, value, expected] of LEGACY.slice(1, 3)) {
      expect(await here.inCell(program, value)).toBe(expected);
      expect(await here.inFile(program, value)).toBe(expected);
    }
    const others = [
      [
        'function three(t, k, d) { const f = d.value; d.value = () => f() + 1 } class U { @three m() { return 1 } }',
        'new U().m()',
        '2',
      ],
      [
        'const made = (n: number) => (t: object, k: string | symbol, d: TypedPropertyDescriptor<() => number>) => { const f = d.value!; d.value = () => f() + n } \nclass V { @made(2) m() { return 1 } }',
        'new V().m()',
        '3',
      ],
      [
        'const typed: MethodDecorator = (t, k, d: any) => ({ ...d, value: () => 4 }); class W { @typed m() { return 1 } }',
        'new W().m()',
        '4',
      ],
      [
        'function named(): PropertyDecorator { return (t: any, k: any) => { t.constructor.keys = [k] } } class X { @named() p = 1; static keys: any }',
        'X.keys',
        "[ 'p' ]",
      ],
      ['function key(t: any, k: string) { t[k + "Key"] = k } class Y { @key m() {} }', '(new Y() as any).mKey', "'m'"],
    ] as const;
    for (const [program, value, expected] of others) {
      expect(await here.inCell(program, value)).toBe(expected);
      expect(await here.inFile(program, value)).toBe(expected);
    }
    // Those of an earlier cell are known as well.
    await here.notebook.run('function earlier(t: any, k: string, d: PropertyDescriptor) { d.value = () => 9 }');
    expect(await here.inCell('class Z { @earlier m() { return 1 } }', 'new Z().m()')).toBe('9');
    await here.notebook.run('function earlier(f: any, c: ClassMethodDecoratorContext) { return () => c.kind }');
    expect(await here.inCell('class Z { @earlier m() { return "1" } }', 'new Z().m()')).toBe("'method'");
  });

  test('are never guessed where a program may mean both', async () => {
    const here = await place({ 'lib.ts': 'export function lib(v: any, c: any) { c.addInitializer(() => {}) }' });
    const legacy = 'function old(t: any, k: string, d: PropertyDescriptor) {}';
    for (const code of [
      `${legacy} function fresh(v: any, c: ClassMethodDecoratorContext) {} class A { @old a() {} @fresh b() {} }`,
      `import { lib } from "./lib.ts"; ${legacy} class A { @old a() {} @lib b() {} }`,
      `import * as all from "./lib.ts"; ${legacy} class A { @old a() {} @all.lib b() {} }`,
      'function fresh(v: any, c: ClassMethodDecoratorContext) {} function par(t: any, k: any, i: number) {} class A { @fresh a(@par b: number) {} }',
    ]) {
      const { ename, evalue } = await here.notebook.run(code);
      expect(ename).toBe('SyntaxError');
      expect(evalue).toMatch(/(?:@old|parameter).*(?:@fresh|@lib|@all).*"experimentalDecorators" true or false/);
    }
    expect(
      (await here.notebook.run('import { lib } from "./lib.ts"; class A { @lib b() { return 1 } } new A().b()')).result,
    ).toBe('1');
  });

  test('are not guessed where the configuration decides', async () => {
    const here = await place({ 'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": false } }' });
    const { traceback } = await here.notebook.run(
      'function up(t: any, k: any, d: PropertyDescriptor) { return () => [typeof t, k.kind, typeof d] } class A { @up m() {} } new A().m()',
    );
    expect(traceback).toBe('');
    const broken = await place({ 'tsconfig.json': '{ "extends": "./nowhere.json" }' });
    expect((await broken.notebook.run('@((v: any) => v) class A {}')).evalue).toContain('tsconfig.json');
    expect((await broken.notebook.run('const n: number = 1; n')).result).toBe('1');
  });
});
