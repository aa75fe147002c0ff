import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openNotebook, type Notebook } from '../../support/kernel/recorded-cell.js';

const FILES = {
  'node_modules/esm-only/package.json': '{ "name": "esm-only", "type": "module", "exports": "./index.js" }',
  'node_modules/esm-only/index.js': 'export default "esm"; export const named = 1; await 0;',
  'node_modules/plain/package.json': '{ "name": "plain", "main": "main.js" }',
  'node_modules/plain/main.js': 'const made = { one: 1 }; made["t" + "wo"] = 2; module.exports = made;',
  'data.json': '{ "a": 1 }',
  'local.mjs': 'export const local = import.meta.url.endsWith("local.mjs")',
  'shapes.ts':
    'import { area } from "./area"; import type { Side } from "./area"; export enum Shape { Square } export const square = (side: Side): number => area(side); export interface Gone { a: 1 }',
  'area.ts': 'export type Side = number;\nexport function area(side: Side) { return side * side }\n',
  'view.tsx': 'const React = { createElement: (tag: string) => tag }; export const view = <p />',
  'fails.ts':
    'interface Unseen {\n  a: number;\n}\n\nexport function fails(value?: Unseen): number {\n  return value!.a;\n}\n',
  'both.ts':
    'export const Both = 1; export type Both = number; export default 5; declare const Ambient: 1; export { Ambient }',
  'barrel.ts':
    'export * from "./shapes.ts"; export { Gone as Renamed, square as sq } from "./shapes"; import { Gone, Shape } from "./shapes.js"; export { Gone as Local, Shape as LocalShape }; export type { Both } from "./both.ts"; export * as all from "./area.ts"',
  'uses.ts':
    'import fallback, { Both } from "./both.ts"; import { Renamed, sq } from "./barrel.ts"; import { Side } from "./area"; export { Renamed } from "./barrel.ts"; const side: Side = 3; const gone: Renamed = { a: 1 }; export const used = [fallback, Both, sq(side), gone.a]',
  'default.ts': 'export default interface Only { a: 1 }\nexport const beside = 3',
  'default2.ts': 'type Only = 1\nexport default Only',
  'fun.cjs':
    'const f = (module.exports = function (x) { return x * 2 }); f["ha" + "lf"] = (x) => x / 2; f.count = 0; f.grow = () => { f.count++; f["l" + "ate"] = 1 }',
  'made.cjs':
    'class Made { method() { return 7 } } module.exports = new Made(); module.exports["o" + "wn"] = { deep: 1 }',
  'transpiled.cjs':
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = 1; exports.named = 2;',
  'object.mjs': 'export default { extra: 1 }; export const named = 2',
  'old.cts':
    'import os = require("node:os"); import { area } from "./area2.cjs"; enum E { A = 4 } export = { a: E.A, b: typeof os.cpus, c: area(2) }',
  'area2.cts': 'export function area(x: number): number { return x * x }\nexport interface Nothing {}',
  'equals.ts': 'import path = require("node:path"); export = path.join("a", "b") as string',
  'required.ts': 'const { sep } = require("node:path"); module.exports = { sep, typed: 1 as number }',
  'new.mts': 'export const fromMts: number = 8',
  'broken.ts': 'export const = 1',
};

let folder: string;
let notebook: Notebook;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jc-imports-')));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  notebook = openNotebook({ cwd: folder });
});
afterAll(async () => {
  await notebook.language.close?.('shutdown');
  await rm(folder, { recursive: true, force: true });
});

test.each([
  [
    'Node by name',
    'import { join } from "node:path"; import fs, { existsSync as exists } from "fs"; [join("a", "b"), typeof fs.readFileSync, exists("/")]',
    "[ 'a/b', 'function', true ]",
  ],
  ['a namespace', 'import * as os from "node:os"; typeof os.cpus', "'function'"],
  ['a module for its effects', 'import "node:os"; 1', '1'],
  ['ESM packages', 'import value, { named } from "esm-only"; [value, named]', "[ 'esm', 1 ]"],
  [
    'CommonJS packages, with names Node does not see',
    'import plain, { one, two } from "plain"; [plain.one, one, two]',
    '[ 1, 1, 2 ]',
  ],
  ['CommonJS packages by require', 'require("plain").two', '2'],
  ['JSON', 'import data from "./data.json" with { type: "json" }; data.a', '1'],
  ['relative modules', 'import { local } from "./local.mjs"; local', 'true'],
  [
    'TypeScript files, their own imports without extensions',
    'import { square, Shape } from "./shapes.ts"; [square(3), Shape[0]]',
    "[ 9, 'Square' ]",
  ],
  [
    'TypeScript files without an extension, or with that of the output',
    'import { area } from "./area"; import { area as same } from "./area.js"; area === same',
    'true',
  ],
  ['TSX files', 'import { view } from "./view"; view', "'p'"],
  [
    'types, which are not there at run time',
    'import type { Gone } from "./shapes.ts"; import { type Side, area as mine } from "./area.ts"; mine(2)',
    '4',
  ],
  ['dynamically', 'const { area: dynamic } = await import("./area.ts"); dynamic(4)', '16'],
  [
    'dynamically in a cell that does not await',
    'import("node:os").then((os) => typeof os.cpus) instanceof Promise',
    'true',
  ],
  ['types by their names', 'import { Gone, square as sq1 } from "./shapes.ts"; let g: Gone; sq1(2)', '4'],
  ['types that nothing uses', 'import { Gone } from "./shapes"; 1', '1'],
  ['types beside a default export', 'import five, { Both, Ambient } from "./both.ts"; [five, Both]', '[ 5, 1 ]'],
  [
    'types that a file exports from another',
    'import { Gone, Renamed, Local, sq as sq2, LocalShape, Both, all } from "./barrel.ts"; [sq2(2), LocalShape[0], typeof all.area]',
    "[ 4, 'Square', 'function' ]",
  ],
  [
    'types as the default',
    'import Only, { beside } from "./default.ts"; import Only2 from "./default2.ts"; let only: Only | Only2; beside',
    '3',
  ],
  ['types of packages', 'import one1, { Options, one } from "plain"; let o: Options; one', '1'],
  ['types of Node', 'import { PathLike, existsSync as e1 } from "node:fs"; typeof e1', "'function'"],
  ['and exports types', 'export { Gone, square as sq3 } from "./shapes.ts"; sq3(3)', '9'],
  ['files that import and export types as names', 'import { used } from "./uses.ts"; used', '[ 5, 1, 9, 1 ]'],
  ['by require of TypeScript', 'import path1 = require("node:path"); path1.join("a", "b")', "'a/b'"],
  ['.mts', 'import { fromMts } from "./new.mjs"; import { fromMts as m2 } from "./new"; [fromMts, m2]', '[ 8, 8 ]'],
  ['.cts', 'import old from "./old.cts"; old', "{ a: 4, b: 'function', c: 4 }"],
  ['.cts by require', 'require("./old.cts")', "{ a: 4, b: 'function', c: 4 }"],
  ['names of .cts', 'import { area as a2 } from "./area2.cts"; a2(3)', '9'],
  ['`export =`', 'import joined from "./equals.ts"; joined', "'a/b'"],
  ['TypeScript that is CommonJS', 'import required from "./required.ts"; required', "{ sep: '/', typed: 1 }"],
  ['TypeScript by require', '[require("./new.mts").fromMts, require("./area.ts").area(5)]', '[ 8, 25 ]'],
  [
    'a CommonJS module as a namespace, with all its members',
    'import { half } from "./fun.cjs"; import * as fun from "./fun.cjs"; [fun.default(4), fun.half(4), half(4), "half" in fun, Object.keys(fun).includes("half"), ({ ...fun }).half === half]',
    '[ 8, 2, 2, true, true, true ]',
  ],
  [
    'a CommonJS module as a namespace that lives',
    'import * as live from "./fun.cjs"; live.default.grow(); [live.count, live.late, Object.keys(live).includes("late"), typeof live.toString]',
    "[ 1, 1, true, 'undefined' ]",
  ],
  [
    'the namespace of a package',
    'import * as plainAll from "plain"; [plainAll.one, plainAll.two, plainAll.default.two]',
    '[ 1, 2, 2 ]',
  ],
  [
    'methods of what a module exports',
    'import * as made from "./made.cjs"; [made.method(), made.own.deep]',
    '[ 7, 1 ]',
  ],
  [
    'transpiled CommonJS as Node does',
    'import * as t from "./transpiled.cjs"; [t.named, t.default.default, t.__esModule]',
    '[ 2, 1, true ]',
  ],
  [
    'the namespace of an ES module as it is',
    'import * as object from "./object.mjs"; Object.keys(object)',
    "[ 'default', 'named' ]",
  ],
  ['names that a later cell uses', 'import { sep } from "node:path"', undefined],
])('imports %s', async (_what, code, expected) => {
  const { result, traceback } = await notebook.run(code);
  expect(traceback).toBe('');
  expect(result).toBe(expected);
});

test('an import that cannot be is an error at its line', async () => {
  expect((await notebook.run('1\nimport "no-such-package"')).traceback).toMatch(
    /ERR_MODULE_NOT_FOUND|Cannot find package[^]*line 2:1/,
  );
  expect((await notebook.run('import { nope } from "node:path"')).evalue).toContain(
    "does not provide an export named 'nope'",
  );
  expect((await notebook.run('import { sqaure } from "./shapes.ts"')).evalue).toContain("named 'sqaure'");
  expect((await notebook.run('import { Local, absent } from "./barrel.ts"')).evalue).toContain("named 'absent'");
  expect((await notebook.run('import { Nope } from "./local.mjs"')).evalue).toContain("named 'Nope'");
  expect((await notebook.run('import { square as sq, Gone } from "./shapes.ts"; Gone')).evalue).toContain(
    "does not provide an export named 'Gone'; if it is a type, write `import type { Gone }`",
  );
  expect((await notebook.run('import "./broken.ts"')).ename).toBe('SyntaxError');
  expect((await notebook.run('typeof sep')).result).toBe("'string'");
});

test('what only a type was imported for is no variable, and leaves one of that name alone', async () => {
  expect((await notebook.run('import { Renamed } from "./barrel.ts"')).traceback).toBe('');
  expect((await notebook.run('Renamed')).ename).toBe('ReferenceError');
  expect((await notebook.run('import { Request, Response } from "plain"; typeof Request')).evalue).toContain(
    "named 'Request'",
  );
  expect((await notebook.run('import { Response } from "plain"', {})).traceback).toBe('');
  expect((await notebook.run('typeof Response')).result).toBe("'function'");
});

test('members of a CommonJS namespace are completed', async () => {
  await notebook.run('import * as completed from "./made.cjs"');
  const at = async (code: string): Promise<readonly string[] | undefined> => {
    const reply = await notebook.language.complete?.({ code, cursorPos: code.length }, new AbortController().signal);
    return reply?.matches;
  };
  expect(await at('completed.me')).toEqual(['method']);
  expect(await at('completed.own.de')).toEqual(['deep']);
});

test('a stack points at the lines of a TypeScript file as it was written', async () => {
  const { traceback } = await notebook.run('import { fails } from "./fails"\nfails()');
  expect(traceback).toMatch(/ at fails \(file:.*fails\.ts:6:17\)/);
  expect(traceback).toMatch(/> 2 \| fails\(\)/);
});
