import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openNotebook, type Notebook } from '../../support/kernel/recorded-cell.js';

let folder: string;
let notebook: Notebook;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jc-changed-')));
  notebook = openNotebook({ cwd: folder });
});
afterAll(async () => {
  await notebook.language.close?.('shutdown');
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function value(code: string): Promise<string | undefined> {
  const { result, traceback } = await notebook.run(code);
  expect(traceback).toBe('');
  return result;
}

const esm = (n: number): string => `export const v = ${n}`;
const cjs = (n: number): string => `exports.v = ${n}`;
const leaf = (n: number) => ({ 'leaf.ts': esm(n), 'leaf.mjs': esm(n), 'leaf.json': `{ "v": ${n} }` });

describe('a file that has changed is loaded again', () => {
  test.each([
    ['.ts', 'a.ts', esm, 'import { v } from "./a.ts"; v'],
    ['.ts without its extension', 'b.ts', esm, 'import { v } from "./b"; v'],
    ['.tsx', 'c.tsx', esm, 'import { v } from "./c.tsx"; v'],
    ['.mts', 'd.mts', esm, 'import { v } from "./d.mjs"; v'],
    ['.cts', 'e.cts', esm, 'import { v } from "./e.cts"; v'],
    ['.js as a module', 'package/f.js', esm, 'import { v } from "./package/f.js"; v'],
    ['.js as CommonJS', 'g.js', cjs, 'import { v } from "./g.js"; v'],
    ['.mjs', 'h.mjs', esm, 'import { v } from "./h.mjs"; v'],
    ['.cjs', 'i.cjs', cjs, 'import { v } from "./i.cjs"; v'],
    ['.cjs as a namespace', 'i2.cjs', cjs, 'import * as i2 from "./i2.cjs"; i2.v'],
    ['.json', 'j.json', (n: number) => `{ "v": ${n} }`, 'import j from "./j.json" with { type: "json" }; j.v'],
    ['by import()', 'k.ts', esm, '(await import("./k.ts")).v'],
    ['by import() of what is computed', 'l.mjs', esm, 'const name = "l"; (await import(`./${name}.mjs`)).v'],
    ['by import() in a function', 'm.mjs', esm, 'const load = async () => (await import("./m.mjs")).v; await load()'],
    ['by its URL', 'n.mjs', esm, '(await import(new URL("n.mjs", import.meta.url).href)).v'],
    ['by require', 'o.cjs', cjs, 'require("./o.cjs").v'],
    ['by require of JSON', 'p.json', (n: number) => `{ "v": ${n} }`, 'require("./p").v'],
    ['by require of .cts', 'q.cts', esm, 'require("./q.cts").v'],
    ['by require of .ts', 'r.ts', esm, 'require("./r.ts").v'],
    ['by require of .mjs', 's.mjs', esm, 'require("./s.mjs").v'],
    ['by a re-export', 't.ts', esm, 'export { v } from "./t.ts"; export * as t from "./t.ts"; v'],
    ['with a query', 'u.mjs', esm, 'import { v } from "./u.mjs?a=1"; v'],
  ])('%s', async (_what, file, text, code) => {
    await write({ 'package/package.json': '{ "type": "module" }' });
    for (const n of [1, 2, 33, 4]) {
      await write({ [file]: text(n) });
      expect(await value(code)).toBe(String(n));
      expect(await value(code)).toBe(String(n));
    }
  });

  test('in the same cell that has written it', async () => {
    await write({ 'same.ts': esm(1) });
    const code =
      'const seen = []; for (const n of [1, 2, 3, 4]) { fs.writeFileSync("same.ts", `export const v = ${n}`); seen.push((await import("./same.ts")).v) } seen';
    expect(await value(`import fs from "node:fs"; ${code}`)).toBe('[ 1, 2, 3, 4 ]');
  });

  test.each([
    [
      'in TypeScript',
      'top.ts',
      'middle.ts',
      'import { v } from "./middle"; export const w = v',
      'export { v } from "./leaf.js"',
    ],
    [
      'in modules',
      'top.mjs',
      'middle.mjs',
      'import { v } from "./middle.mjs"; export const w = v',
      'export * from "./leaf.mjs"',
    ],
    [
      'in CommonJS',
      'top.cjs',
      'middle.cjs',
      'exports.w = require("./middle.cjs").v',
      'exports.v = require("./leaf.json").v',
    ],
    [
      'of CommonJS in a module',
      'top2.mjs',
      'middle2.cjs',
      'import m from "./middle2.cjs"; export const w = m.v',
      'exports.v = require("./leaf.json").v',
    ],
    [
      'of .cts',
      'top3.cts',
      'middle3.cts',
      'import { v } from "./middle3.cjs"; export const w = v',
      'import leaf = require("./leaf.json"); export const v: number = leaf.v',
    ],
  ])('when only what it imports has changed, %s', async (_where, top, middle, topText, middleText) => {
    await write({ ...leaf(1), [top]: topText, [middle]: middleText });
    const code = `import { w } from "./${top}"; w`;
    expect(await value(code)).toBe('1');
    await write(leaf(2));
    expect(await value(code)).toBe('2');
    await write({
      [middle]: 'export const v = 3'.replace(
        /^export const v/,
        /\.c/.test(middle) && !middle.endsWith('.cts') ? 'exports.v' : 'export const v',
      ),
    });
    expect(await value(code)).toBe('3');
    // What it no longer imports is nothing to it.
    await value(
      `import * as kept from "./${top}"; const before = kept.w; globalThis.kept1 = (await import("./${top}"))`,
    );
    await write(leaf(4));
    expect(await value(`(await import("./${top}")) === kept1`)).toBe('true');
  });

  test('also in a circle', async () => {
    await write({
      'one.ts': 'import { two } from "./two.ts"; export const one = (): number => two + 1',
      'two.ts': 'import "./one.ts"; export const two = 1',
    });
    expect(await value('import { one } from "./one.ts"; one()')).toBe('2');
    await write({ 'two.ts': 'import "./one.ts"; export const two = 10' });
    expect(await value('import { one } from "./one.ts"; one()')).toBe('11');
  });
});

test('what a cell makes of the language does not get in the way', async () => {
  const spoilt = openNotebook({ cwd: folder });
  await write({ 'spoilt.ts': esm(1), 'spoilt.cjs': cjs(1) });
  const both =
    'import { v } from "./spoilt.ts"; import * as c from "./spoilt.cjs"; [v, c.v, require("./spoilt.cjs").v] + ""';
  expect((await spoilt.run(both)).result).toBe("'1,1,1'");
  await spoilt.run(
    'class Set {} class Map {} class Proxy {} const Reflect = 1; Array.prototype.flatMap = Array.prototype.filter = Array.prototype.map = () => { throw 1 }',
  );
  await spoilt.run('Object.keys = Object.entries = () => []; RegExp.prototype.exec = () => null');
  await write({ 'spoilt.ts': esm(2), 'spoilt.cjs': cjs(2) });
  const { result, traceback } = await spoilt.run(both);
  await spoilt.language.close?.('shutdown');
  expect(traceback).toBe('');
  expect(result).toBe("'2,2,2'");
});

test('modules that have not changed, nor what they import, stay as they are', async () => {
  await write({
    'state.ts': 'export const state = { n: 0 }; export class Kept {}',
    'state.cjs': 'exports.state = { n: 0 }',
    'other.ts':
      'import { state } from "./state.ts"; import s from "./state.cjs"; export const grow = () => [++state.n, ++s.state.n, 1]',
    'node_modules/packaged/package.json': '{ "name": "packaged", "type": "module", "exports": "./index.js" }',
    'node_modules/packaged/index.js': 'export const state = { n: 0 }',
  });
  expect(await value('import { grow } from "./other.ts"; import { state as p } from "packaged"; p.n++; grow()')).toBe(
    '[ 1, 1, 1 ]',
  );
  expect(await value('import { Kept } from "./state.ts"; const made = new Kept(); 1')).toBe('1');
  await write({
    'other.ts':
      'import { state } from "./state.ts"; import s from "./state.cjs"; export const grow = () => [++state.n, ++s.state.n, 2]',
    'node_modules/packaged/index.js': 'export const state = { n: 100 }',
  });
  expect(
    await value(
      'import { grow } from "./other.ts"; import { Kept } from "./state.ts"; [...grow(), made instanceof Kept]',
    ),
  ).toBe('[ 2, 2, 2, true ]');
  expect(await value('import { state as p } from "packaged"; p.n')).toBe('1');
  await write({ 'state.ts': 'export const state = { n: 10 }; export class Kept {}' });
  expect(
    await value(
      'import { Kept } from "./state.ts"; import { grow } from "./other.ts"; [...grow(), made instanceof Kept]',
    ),
  ).toBe('[ 11, 3, 2, false ]');
});

describe('a file that could not be loaded can be once it is mended:', () => {
  test.each([
    [
      'a syntax error in TypeScript',
      'v.ts',
      'export const v = ;',
      'export const v = 1',
      'import { v } from "./v.ts"; v',
    ],
    [
      'a syntax error in JavaScript',
      'w.mjs',
      'export const v = ;',
      'export const v = 1',
      'import { v } from "./w.mjs"; v',
    ],
    ['a syntax error in CommonJS', 'x.cjs', 'exports.v = ;', 'exports.v = 1', 'import { v } from "./x.cjs"; v'],
    ['a syntax error in JSON', 'y.json', '{ "v": }', '{ "v": 1 }', 'require("./y.json").v'],
    ['an error when it runs', 'z.ts', 'throw new Error("no")', 'export const v = 1', 'import { v } from "./z.ts"; v'],
    [
      'an export that is missing',
      'aa.ts',
      'export const u = 1',
      'export const v = 1',
      'import { v } from "./aa.ts"; v',
    ],
  ])('%s', async (_what, file, broken, mended, code) => {
    await write({ [file]: broken });
    expect((await notebook.run(code)).outcome.status).toBe('error');
    await write({ [file]: mended });
    expect(await value(code)).toBe('1');
  });

  test('an error in what it imports', async () => {
    await write({ 'ab.ts': 'export { v } from "./ac.ts"', 'ac.ts': 'export const v = (' });
    expect((await notebook.run('import { v } from "./ab.ts"; v')).outcome.status).toBe('error');
    await write({ 'ac.ts': 'export const v = 1' });
    expect(await value('import { v } from "./ab.ts"; v')).toBe('1');
  });

  test('a file that was not there', async () => {
    await write({ 'ad.mjs': 'export { v } from "./ae.mjs"' });
    expect((await notebook.run('import { v } from "./ad.mjs"; v')).outcome.status).toBe('error');
    expect((await notebook.run('import { v } from "./ae.mjs"; v')).outcome.status).toBe('error');
    await write({ 'ae.mjs': 'export const v = 1' });
    expect(await value('import { v } from "./ad.mjs"; v')).toBe('1');
    await unlink(join(folder, 'ae.mjs'));
    expect((await notebook.run('import { v } from "./ad.mjs"; v')).outcome.status).toBe('error');
  });
});

test('stacks and paths are those of the file, whichever version of it', async () => {
  const text =
    'export const here = import.meta.filename;\nexport function fail(): never {\n  throw new Error("x");\n}\n';
  await write({ 'stack.ts': text });
  await notebook.run('import "./stack.ts"');
  await write({ 'stack.ts': `interface Added {}\n${text}` });
  const { traceback } = await notebook.run('import { here, fail } from "./stack.ts"; fail()');
  expect(traceback).toContain('stack.ts:4:9');
  expect(traceback).not.toContain('version');
  expect(await value('here')).toBe(`'${join(folder, 'stack.ts')}'`);
});
