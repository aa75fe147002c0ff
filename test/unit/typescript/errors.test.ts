import { afterAll, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

test('a stack names cells, lines and columns of the TypeScript as it was written, and nothing of ours', async () => {
  await run(
    'interface Unused {\n  a: number\n}\n\nfunction fails(value: { deep?: { er: number } }): number {\n  return value.deep!.er;\n}',
  );
  const { ename, evalue, traceback } = await run('type Id = string;\n\nconst before = 1;\nfails({});');
  expect(ename).toBe('TypeError');
  expect(evalue).toContain("reading 'er'");
  expect(traceback).toContain('Cell [1], line 6:22');
  expect(traceback).toContain('> 6 |   return value.deep!.er;');
  expect(traceback).toContain('    at fails (Cell [1]:6:22)');
  expect(traceback).toContain('    at Cell [2]:4:1');
  expect(traceback).not.toMatch(/evaluator|node:|jupyter-cell/);
});

test('the lines below an error are those of its own cell, whatever else has its number', async () => {
  await run('function thrower() {\n  throw new Error("thrown")\n}', { userExpressions: { b: 'nope.x' } });
  expect((await run('thrower()')).traceback).toContain('> 2 |   throw new Error("thrown")');
  // Two cells of the same count, as those are that the history does not store.
  const count = { executionCount: 9_000 };
  await run('function hidden() { throw new Error("hidden") }', count);
  await run('"an unrelated line"', count);
  expect((await run('hidden()')).traceback).toContain('> 1 | function hidden() { throw new Error("hidden") }');
});

test('an error awaited at the top level tells at which await the cell stood', async () => {
  const system = await run('import { readFile } from "node:fs/promises"\n\nawait readFile("/no/such/file")');
  expect(system.traceback).toContain('ENOENT');
  expect(system.traceback).toMatch(/Cell \[\d+\], line 3:1\n/);
  const own = await run(
    'async function slow() {\n  await 0;\n  throw new RangeError("slow")\n}\nconst x = 1\nawait slow()',
  );
  expect(own.traceback).toMatch(/Cell \[\d+\], line 3:9\n/);
  expect(own.ename).toBe('RangeError');
});

test('a syntax error shows its place and runs nothing', async () => {
  const { ename, traceback, stdout } = await run('console.log("ran")\nconst é = "😀" +;');
  expect(ename).toBe('SyntaxError');
  expect(traceback).toMatch(/Cell \[\d+\], line 2:17/);
  expect(traceback).toContain('> 2 | const é = "😀" +;');
  expect(stdout).toBe('');
});

test.each([
  'let twice = 1; let twice = 2',
  'return 5',
  'const a b',
  'with (x) {}',
  'break',
  'function f() {',
  'await = 3',
  'new.target',
])('code that is no cell is a syntax error and leaves the evaluator alive: %s', async (code) => {
  expect((await run(code)).ename).toBe('SyntaxError');
  expect((await run('1')).result).toBe('1');
});

test.each([
  ['brackets', '('.repeat(50_000)],
  ['templates', `${'`${'.repeat(5_000)}1${'}`'.repeat(5_000)}`],
  ['lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
])('code that is nested beyond reason is a syntax error: %s', async (_what, code) => {
  await run('var stays = 1');
  expect(await run(code)).toMatchObject({ ename: 'SyntaxError', evalue: 'The cell is nested too deeply.' });
  expect((await run('stays')).result).toBe('1');
});

test('long chains of operators, and brackets in texts, are no nesting', async () => {
  expect((await run(`${'1+'.repeat(20_000)}1`)).result).toBe('20001');
  expect((await run(`"${'('.repeat(5_000)}".length`)).result).toBe('5000');
});

test('causes, aggregates and the properties of system errors are shown', async () => {
  const { traceback } = await run('throw new Error("outer", { cause: new TypeError("inner", { cause: "root" }) })');
  expect(traceback).toMatch(/Error: outer[^]*Caused by: TypeError: inner[^]*Caused by: 'root'/);
  expect((await run('throw new AggregateError([new Error("first"), new Error("second")], "all")')).traceback).toMatch(
    /- Error: first[^]*- Error: second/,
  );
  expect((await run('require("fs").readFileSync("/nowhere")')).traceback).toContain("code: 'ENOENT'");
  expect((await run('new URL("::")')).traceback).toContain("code: 'ERR_INVALID_URL'");
});

test.each([
  ['throw 5', 'Thrown', '5'],
  ['throw undefined', 'Thrown', 'undefined'],
  ['throw { message: "plain" }', 'Thrown', "{ message: 'plain' }"],
  ['throw Object.create(null)', 'Thrown', '[Object: null prototype] {}'],
  ['await Promise.reject(null)', 'Thrown', 'null'],
  ['class Mine extends Error { name = "Mine" }\nthrow new Mine("own")', 'Mine', 'own'],
  ['throw new Error("lines\\nof text")', 'Error', 'lines\nof text'],
  ['throw new Proxy({}, { get() { throw 1 } })', 'Error', 'an error that cannot be shown'],
  ['const e: any = new Error("x"); e.message = undefined; throw e', 'Error', 'undefined'],
  ['const e: any = new Error("x"); e.message = { a: 1 }; throw e', 'Error', '{ a: 1 }'],
  ['const e: any = new Error("x"); e.name = 42; e.stack = {}; throw e', '42', 'x'],
  ['throw new Error("x", { cause: Object.assign(new Error("y"), { stack: 5 }) })', 'Error', 'x'],
  [
    'const e = new Error("x"); Object.defineProperty(e, "name", { get() { throw 1 } }); throw e',
    'Error',
    'an error that cannot be shown',
  ],
])('anything may be thrown: %s', async (code, ename, evalue) => {
  expect(await run(code)).toMatchObject({ ename, evalue });
});

test('also by a timer', async () => {
  const { cell } = await run(
    'var kept = 1; setTimeout(() => { const e: any = new Error("x"); e.message = null; throw e }, 1)',
  );
  await eventually(() => cell.events.some(({ kind }) => kind === 'error'));
  expect(cell.events).toContainEqual(expect.objectContaining({ kind: 'error', ename: 'Error', evalue: 'null' }));
  expect((await run('kept')).result).toBe('1');
});

test.each([
  ['super.x', '1:1'],
  ['const y = {\n  a: 1 };\n  delete y', '3:10'],
  ['await 1;\nsuper.x', '2:1'],
])('what only V8 refuses is a syntax error with its place as well: %j', async (code, place) => {
  const { ename, traceback } = await run(code);
  expect(ename).toBe('SyntaxError');
  expect(traceback).toContain(`line ${place}`);
  expect(traceback).not.toContain('node:vm');
});

test('no frame of ours is in the traceback of a failed import, of a value that shows itself wrongly, or of a wrong argument', async () => {
  for (const code of [
    'import nothing from "./nothing.ts"',
    '({ [Jupyter.$display]: () => 5 })',
    'display("x", { raw: true })',
    'let deep = {}; for (let i = 0; i < 1000; i++) deep = { deep }; display({ "application/json": deep }, { raw: true })',
  ]) {
    const { outcome, traceback } = await run(code);
    expect(outcome.status).toBe('error');
    expect(traceback).not.toMatch(/dist.typescript|<anonymous>:1/);
  }
});

test('endless recursion and a function that throws while it is shown are errors like others', async () => {
  expect((await run('const deep = () => deep(); deep()')).ename).toBe('RangeError');
  expect((await run('({ [Symbol.for("Jupyter.display")]() { throw new Error("shy") } })')).evalue).toBe('shy');
  expect((await run('({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("shy too") } })')).evalue).toBe(
    'shy too',
  );
});

test('stacks that a cell prints are readable too, and it may have its own', async () => {
  expect((await run('console.log(new Error("printed").stack)')).stdout).toMatch(
    /^Error: printed\n {4}at Cell \[\d+\]:1:13\n$/,
  );
  const { result } = await run(
    'const old = Error.prepareStackTrace; Error.prepareStackTrace = (_, sites) => sites.length; const own = new Error().stack; Error.prepareStackTrace = old; typeof own',
  );
  expect(result).toBe("'number'");
});

test('what a timer throws, and a rejection nobody handles, are errors of the cell that caused them', async () => {
  const thrown = await run('setTimeout(() => { throw new TypeError("late") }, 20); 1');
  const rejected = await run(
    'void (async () => { await new Promise((done) => setTimeout(done, 30)); throw new RangeError("unhandled") })(); 2',
  );
  await run('3');
  await eventually(
    () =>
      rejected.cell.events.some(({ kind }) => kind === 'error') &&
      thrown.cell.events.some(({ kind }) => kind === 'error'),
  );
  expect(thrown.cell.events).toContainEqual(
    expect.objectContaining({ kind: 'error', ename: 'TypeError', evalue: 'late' }),
  );
  expect(rejected.cell.events).toContainEqual(
    expect.objectContaining({ kind: 'error', ename: 'RangeError', evalue: 'unhandled' }),
  );
  expect((await run('"alive"')).result).toBe("'alive'");
});
