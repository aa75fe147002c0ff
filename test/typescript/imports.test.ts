import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openNotebook, type Notebook } from './recorded-cell.js';

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
  expect((await notebook.run('import { square as sq, Gone } from "./shapes.ts"')).evalue).toContain(
    "does not provide an export named 'Gone'; if it is a type, write `import type { Gone }`",
  );
  expect((await notebook.run('import "./broken.ts"')).ename).toBe('SyntaxError');
  expect((await notebook.run('typeof sep')).result).toBe("'string'");
});

test('a stack points at the lines of a TypeScript file as it was written', async () => {
  const { traceback } = await notebook.run('import { fails } from "./fails"\nfails()');
  expect(traceback).toMatch(/ at fails \(file:.*fails\.ts:6:17\)/);
  expect(traceback).toMatch(/> 2 \| fails\(\)/);
});
