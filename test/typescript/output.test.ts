import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook, until } from './recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

describe('printed text', () => {
  test('comes complete, in order and before the outcome', async () => {
    const { stdout, cell } = await run('for (let i = 0; i < 10_000; i++) console.log(i)');
    expect(stdout).toBe(Array.from({ length: 10_000 }, (_, i) => `${i}\n`).join(''));
    expect(cell.events.length).toBeLessThan(100);
  });

  test('keeps the order of stdout, stderr, display and result', async () => {
    const { cell } = await run(
      'console.log("a"); console.error("b"); console.log("c"); display("d"); process.stdout.write("e"); "f"',
    );
    expect(cell.events.map((each) => ('text' in each ? `${each.kind} ${each.text.trim()}` : each.kind))).toEqual([
      'stdout a',
      'stderr b',
      'stdout c',
      'display',
      'stdout e',
      'result',
    ]);
  });

  test('arrives while the cell spins', async () => {
    const { ename } = await notebook.interruptAfter('second', 'console.log("first"); console.log("second"); for (;;);');
    expect(ename).toBe('Interrupted');
  });

  test('is any text: long, wide, cut in the middle of a character, or bytes', async () => {
    expect((await run('console.log("x".repeat(3_000_000))')).stdout).toHaveLength(3_000_001);
    const { stdout } = await run(
      'const bytes = Buffer.from("é😀"); process.stdout.write(bytes.subarray(0, 3)); process.stdout.write(bytes.subarray(3)); process.stdout.write("4142", "hex"); console.log("\\ud800")',
    );
    expect(stdout).toBe('é😀AB\ufffd\n');
  });

  test('calls back, formats, groups and tabulates as in Node', async () => {
    const { stdout } = await run(
      'await new Promise<void>((done) => process.stdout.write("written\\n", () => done())); console.group("g"); console.log("%s is %d", "n", 5, { deep: { er: { est: {} } } }); console.groupEnd(); console.table([{ a: 1 }])',
    );
    expect(stdout).toMatch(/^written\ng\n {2}n is 5 { deep: { er: { est: {} } } }\n/);
    expect(stdout).toContain('│ a │');
    expect(
      (
        await run(
          'import { pipeline } from "node:stream/promises"; import { Readable } from "node:stream"; await pipeline(Readable.from(["pi", "ped"]), process.stdout)',
        )
      ).stdout,
    ).toBe('piped');
    expect(
      (await run('await new Promise<void>((done) => process.stdout.end("last", done)); console.log(" but one")'))
        .stdout,
    ).toBe('last but one\n');
    expect((await run('new console.Console(process.stderr).log("own")')).stderr).toBe('own\n');
  });
});

describe('what does not pass through JavaScript is captured as well', () => {
  test('children that are waited for, in order with what the cell prints', async () => {
    const { cell } = await run(
      'const { execSync } = require("node:child_process"); for (let i = 0; i < 5; i++) { console.log(`js${i}`); execSync(`echo sh${i}`, { stdio: "inherit" }) } console.log("end")',
    );
    expect(cell.text('stdout')).toBe('js0\nsh0\njs1\nsh1\njs2\nsh2\njs3\nsh3\njs4\nsh4\nend\n');
  });

  test('children that run beside it, and the descriptors themselves', async () => {
    const { stdout, stderr } = await run(
      'import { spawn } from "node:child_process"; import fs from "node:fs"; fs.writeSync(1, "direct "); fs.writeSync(2, "error "); await new Promise((done) => spawn("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" }).on("close", done));',
    );
    expect(stdout).toBe('direct out\n');
    expect(stderr).toBe('error err\n');
  });

  test('a megabyte of it, before the outcome', async () => {
    const { stdout } = await run(
      'require("node:child_process").execSync("head -c 1000000 /dev/zero | tr \'\\\\0\' x", { stdio: "inherit" }); 1',
    );
    expect(stdout).toHaveLength(1_000_000);
  });
});

describe('late output goes to the cell that caused it', () => {
  test.each([
    ['a timer', 'setTimeout(() => console.log("late"), 30)'],
    [
      'an interval',
      'let n1 = 0; const t1 = setInterval(() => { if (++n1 === 3) { clearInterval(t1); console.log("late") } }, 10); 0',
    ],
    [
      'an await',
      'void (async () => { await new Promise((done) => setTimeout(done, 30)); await null; console.log("late") })()',
    ],
    ['a promise', 'void new Promise((done) => setTimeout(done, 30)).then(() => 1).then(() => console.log("late"))'],
    [
      'promised timers',
      'import { setTimeout as nap } from "node:timers/promises"; void nap(30).then(() => console.log("late"))',
    ],
    [
      'an immediate after a tick',
      'setTimeout(() => process.nextTick(() => setImmediate(() => queueMicrotask(() => console.log("late")))), 30)',
    ],
  ])('from %s', async (_what, code) => {
    const cause = await run(code);
    const next = await run('await new Promise((done) => setTimeout(done, 60)); console.log("mine")');
    await until(() => cause.stdout + cause.cell.text() !== '');
    expect(cause.cell.text()).toBe('late\n');
    expect(next.stdout).toBe('mine\n');
  });

  test('and what a cell shows after its own await is its own', async () => {
    await run(
      'void (async () => { for (let i = 0; i < 20; i++) { await new Promise((done) => setTimeout(done, 3)); console.log("other") } })()',
    );
    const { stdout } = await run(
      'for (let i = 0; i < 10; i++) { await new Promise((done) => setTimeout(done, 3)); console.log("mine") }',
    );
    expect(stdout).toBe('mine\n'.repeat(10));
  });
});
