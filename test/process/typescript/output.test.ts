import { afterAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

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
    await eventually(() => cause.stdout + cause.cell.text() !== '');
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

describe('what a child process prints late is output of the cell that started it', () => {
  const CHILD = 'const { spawn, fork, execSync, spawnSync } = require("node:child_process");';
  const SHELL = '"sh", ["-c", "sleep 0.2; echo out; echo err >&2"]';

  test.each([
    ['spawn with inherit', `spawn(${SHELL}, { stdio: "inherit" })`],
    ['spawn with descriptors', `spawn(${SHELL}, { stdio: ["ignore", 1, 2] })`],
    ['spawn with streams', `spawn(${SHELL}, { stdio: ["ignore", process.stdout, process.stderr] })`],
    ['a grandchild', 'spawn("sh", ["-c", "(sleep 0.2; echo out; echo err >&2) &"], { stdio: "inherit" })'],
    ['fork', 'fork("-", { execArgv: ["-e", "setTimeout(() => { console.log(`out`); console.error(`err`) }, 200)"] })'],
    ['execSync in a timer', 'setTimeout(() => execSync("echo out; echo err >&2", { stdio: "inherit" }), 100)'],
    [
      'spawnSync in a timer',
      'setTimeout(() => spawnSync("sh", ["-c", "echo out; echo err >&2"], { stdio: ["ignore", 1, 2] }), 100)',
    ],
    [
      'a worker thread',
      'new (require("node:worker_threads").Worker)("setTimeout(() => { console.log(`out`); console.error(`err`) }, 200)", { eval: true })',
    ],
  ])('%s', async (_what, code) => {
    const cause = await run(`${CHILD} ${code}; 0`);
    const next = await run(
      'console.log("mine"); await new Promise((done) => setTimeout(done, 10)); console.error("too")',
    );
    await eventually(() => cause.cell.text('stdout').includes('out') && cause.cell.text('stderr').includes('err'));
    expect(next.cell.text()).toBe('mine\ntoo\n');
  });

  test('and all of it is there when the child has ended', async () => {
    const { stdout, result } = await run(
      `${CHILD} const child = spawn("seq", ["20000"], { stdio: "inherit" }); const end = await new Promise((resolve) => child.on("exit", (...end) => resolve(end))); console.log("end"); [child.stdout, child.stderr, ...end]`,
    );
    expect(stdout).toBe(`${Array.from({ length: 20_000 }, (_, at) => at + 1).join('\n')}\nend\n`);
    expect(result).toBe('[ null, null, 0, null ]');
  });

  test('and one that cannot be started says so as ever', async () => {
    const { stdout } = await run(
      `${CHILD} const events = []; const none = spawn("no-such-program", { stdio: "inherit" }); none.on("close", () => events.push("close")); await new Promise((resolve) => none.on("error", (error) => { console.log(error.code); resolve() }))`,
    );
    expect(stdout).toBe('ENOENT\n');
  });
});

describe('what a cell indents with console.group ends with it', () => {
  test.each([
    ['when it ends', ''],
    ['when it throws', 'throw new Error("on purpose")'],
    ['when it rejects', 'await 0; console.group("more"); await Promise.reject(new Error("on purpose"))'],
  ])('%s', async (_when, code) => {
    const { stdout } = await run(`console.group("heading"); console.log("inside"); console.error("beside"); ${code}`);
    expect(stdout).toMatch(/^heading\n {2}inside\n/);
    expect((await run('console.log("outside"); console.error("outside")')).cell.text()).toBe('outside\noutside\n');
  });

  test('when it is interrupted', async () => {
    await notebook.interruptAfter('inside', 'console.group("heading"); console.log("inside"); for (;;);');
    expect((await run('console.log("outside")')).stdout).toBe('outside\n');
  });

  test('and begins with it: what others print meanwhile is not indented', async () => {
    const other = await run('setTimeout(() => { console.group("late"); console.log("later") }, 30); 0');
    const { stdout } = await run(
      'console.group("a"); await new Promise((done) => setTimeout(done, 100)); console.log("b"); console.groupEnd(); console.log("c")',
    );
    await eventually(() => other.cell.text().includes('later'));
    expect(stdout).toBe('a\n  b\nc\n');
    expect(other.cell.text()).toBe('late\n  later\n');
  });
});

describe('programs that cells start find', () => {
  const NAMES = ['TERM', 'CLICOLOR', 'CLICOLOR_FORCE', 'FORCE_COLOR', 'PAGER', 'GIT_PAGER', 'NO_COLOR'];
  const foundWith = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
    const { PATH } = process.env;
    const { run: runWith, language } = openNotebook({ env: { PATH, ...env } });
    const { stdout } = await runWith('require("node:child_process").execSync("env", { stdio: "inherit" })');
    await language.close?.('shutdown');
    return stdout
      .split('\n')
      .filter((line) => NAMES.includes(line.split('=')[0] ?? ''))
      .toSorted();
  };
  const PAGERS = ['GIT_PAGER=cat', 'PAGER=cat'];
  const COLOURS = ['CLICOLOR=1', 'CLICOLOR_FORCE=1', 'FORCE_COLOR=1'];

  test.each<[string, NodeJS.ProcessEnv, string[]]>([
    ['the environment of ipykernel', {}, [...COLOURS, ...PAGERS, 'TERM=xterm-color']],
    ['the terminal of the front end', { TERM: 'dumb' }, [...COLOURS, ...PAGERS, 'TERM=xterm-color']],
    ['no colours where none are wanted', { NO_COLOR: '1' }, [...PAGERS, 'NO_COLOR=1', 'TERM=xterm-color']],
    ['nor where they are refused', { FORCE_COLOR: '0' }, ['FORCE_COLOR=0', ...PAGERS, 'TERM=xterm-color']],
    [
      'what was set on purpose',
      { PAGER: 'more', FORCE_COLOR: '3' },
      ['CLICOLOR=1', 'CLICOLOR_FORCE=1', 'FORCE_COLOR=3', 'GIT_PAGER=cat', 'PAGER=more', 'TERM=xterm-color'],
    ],
  ])('%s', async (_what, env, found) => {
    expect(await foundWith(env)).toEqual(found.toSorted());
  });

  test('and what cells themselves log has no colours', async () => {
    expect((await run('console.log({ a: 1 }, "text")')).stdout).toBe('{ a: 1 } text\n');
  });
});
