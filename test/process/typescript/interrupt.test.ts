import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CurveKernelError } from '#src/errors.js';
import { eventually } from '../../support/eventually.js';
import { openNotebook, RecordedCell } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
const { run, interruptAfter } = notebook;
beforeAll(() =>
  run(
    'const kept = { value: 42 }; function sleep(ms: number) { return new Promise((done) => setTimeout(done, ms)) }\nfunction spin(): never { console.log("go"); for (;;); }',
  ),
);
afterAll(() => notebook.language.close?.('shutdown'));

const GO = 'console.log("go");';

async function stops(code: string): Promise<void> {
  // Where something else is to spin than the cell itself, that says when it does.
  const { ename, evalue } = await interruptAfter('go', code.includes('spin') ? code : `${GO} ${code}`);
  expect([ename, evalue]).toEqual(['Interrupted', 'The cell was interrupted.']);
  expect((await run('kept.value')).result).toBe('42');
}

describe('a cell that spins is stopped and every variable is kept', () => {
  test.each([
    'while (true) {}',
    'for (;;) { try { for (;;) {} } catch {} }',
    'try { throw 1 } finally { while (true) {} }',
    '/^(a+)+$/.test("a".repeat(40) + "b")',
    'const fib = (n: number): number => n < 2 ? n : fib(n - 1) + fib(n - 2); fib(100)',
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    'new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]))).exports.f()',
    'while (true) console.log("and on")',
    'while (true) [3, 1, 2].sort(() => Math.random() - 0.5)',
    'while (true) JSON.parse(JSON.stringify({ a: [1, 2, 3] }))',
    '({ [Symbol.for("Jupyter.display")]() { while (true) {} } })',
    '({ get [Symbol.toStringTag]() { while (true) {} } })',
  ])('%s', stops);
});

describe('a cell that has awaited before is stopped wherever it spins then', () => {
  test.each([
    'await 0; while (true) {}',
    'await sleep(1); while (true) {}',
    'await (async () => { await 0; while (true) {} })()',
    'const again = async (): Promise<void> => { await null; return again() }; await again()',
    'while (true) await 0',
    'for await (const each of (async function* () { while (true) yield 1 })());',
    'setTimeout(spin, 5); await sleep(1e6)',
    'const t = setInterval(() => { clearInterval(t); spin() }, 5); await sleep(1e6)',
    'setImmediate(spin); await sleep(1e6)',
    'process.nextTick(spin); await sleep(1e6)',
    'queueMicrotask(spin); await sleep(1e6)',
    'require("node:fs").readFile(__dirname + "/package.json", spin); await sleep(1e6)',
    'require("node:net").createServer(spin).listen(0, function (this: any) { require("node:net").connect(this.address().port) }); await sleep(1e6)',
    'Promise.resolve().then(spin); await sleep(1e6)',
  ])('%s', stops);
});

describe('a cell that waits is stopped at its await', () => {
  test.each([
    'await new Promise(() => {})',
    'await sleep(1e6)',
    'for await (const each of [new Promise(() => {})]);',
    'await Promise.all([sleep(1e6), new Promise(() => {})])',
    'await import("data:text/javascript,await new Promise((done) => setTimeout(done, 1e6))")',
  ])('%s', stops);

  test('so that its finally blocks run, awaits in them included', async () => {
    const { ename, stdout, traceback } = await interruptAfter(
      'go',
      `${GO}\ntry {\n  await sleep(1e6)\n} finally { await sleep(5); console.log("cleaned up") }`,
    );
    expect(ename).toBe('Interrupted');
    expect(stdout).toContain('cleaned up');
    expect(traceback).toMatch(/Cell \[\d+\], line 3:3/);
  });

  test('so that a generator it loops over is closed', async () => {
    const { cell, ename } = await interruptAfter(
      'go',
      'async function* ticks() { try { for (;;) { await sleep(5); yield 1 } } finally { console.log("closed") } }\nfor await (const each of ticks()) console.log("go")',
    );
    expect(ename).toBe('Interrupted');
    await eventually(() => cell.text().endsWith('closed\n'));
  });

  test('and may catch the interrupt and go on', async () => {
    const { result } = await interruptAfter(
      'go',
      `${GO} let how = ''; try { await sleep(1e6) } catch (error) { how = (error as Error).name }; how`,
    );
    expect(result).toBe("'Interrupted'");
  });
});

describe('where cells use what Node keeps on asynchronous calls, a cell that spins is stopped and every variable is kept', () => {
  const hooked = openNotebook();
  const spins = [
    'await 0; spin()',
    'await als.run(2, async () => { await 0; spin() })',
    'setTimeout(spin, 1); await new Promise(() => {})',
    'setImmediate(spin); await new Promise(() => {})',
    'process.nextTick(spin); await new Promise(() => {})',
    'require("node:fs").readFile(__filename, spin); await new Promise(() => {})',
    'console.log("go"); while (true) await als.run(3, async () => { await 0 })',
  ];
  const prepare =
    'const kept = 42; function spin() { console.log("go"); for (;;); } const hooks = require("node:async_hooks");';
  beforeAll(() => hooked.run(`${prepare} const als = new hooks.AsyncLocalStorage(); als.run(1, () => {})`));
  afterAll(() => hooked.language.close?.('shutdown'));

  test.each(spins)('AsyncLocalStorage: %s', async (code) => {
    expect(await hooked.interruptAfter('go', code)).toMatchObject({ ename: 'Interrupted', stderr: '' });
    expect((await hooked.run('await als.run(4, async () => (await 0, [kept, als.getStore()]))')).result).toBe(
      '[ 42, 4 ]',
    );
  });

  const isClosed = Number.parseInt(process.versions.node, 10) >= 24;
  test('async_hooks, save on Node 24 and later, which say why the process was lost', async () => {
    const traced = openNotebook();
    await traced.run(`${prepare} const als = new hooks.AsyncLocalStorage(); als.run(1, () => {})`);
    await traced.run('hooks.createHook({ init() {}, before() {}, after() {} }).enable()');
    for (const code of isClosed ? spins.slice(0, 1) : spins) {
      const { ename, evalue } = await traced.interruptAfter('go', code);
      expect(ename).toBe(isClosed ? 'EvaluatorLost' : 'Interrupted');
      if (isClosed) expect(evalue).toContain('it was interrupted while async_hooks were in use');
      else expect((await traced.run('await 0; kept')).result).toBe('42');
    }
    await traced.language.close?.('shutdown');
  });
});

test('a promise that nothing refers to any more, awaited, does not abort the process', async () => {
  await stops(
    'const t = setInterval(() => { new Array(1e5).fill({}) }, 1); try { await new Promise(() => {}) } finally { clearInterval(t) }',
  );
});

test('timers, files and imports work after interrupts of all kinds', async () => {
  await interruptAfter('go', `${GO} await 0; while (true) {}`);
  await interruptAfter('go', 'setTimeout(spin, 1); await sleep(1e6)');
  const { result, traceback } = await run(
    'await sleep(5); const { stat } = await import("node:fs/promises"); const ticked = await new Promise((done) => process.nextTick(() => setImmediate(() => queueMicrotask(() => done("ticked"))))); [typeof (await stat(".")).size, ticked]',
  );
  expect(traceback).toBe('');
  expect(result).toBe("[ 'number', 'ticked' ]");
});

test('an interrupt while nothing runs does no harm, a hundred times', async () => {
  await run('let ticks = 0; const ticking = setInterval(() => ticks++, 1)');
  for (let count = 0; count < 100; count++) await notebook.language.interrupt?.();
  const { result } = await run('await sleep(20); clearInterval(ticking); ticks > 0');
  expect(result).toBe('true');
});

test('an interrupt between cells leaves alone what an earlier cell does now and then', async () => {
  await run(
    'let beats = 0; const beating = setInterval(() => { for (const end = Date.now() + 5; Date.now() < end; ); beats++ }, 1)',
  );
  for (let count = 0; count < 20; count++) {
    await notebook.language.interrupt?.();
    expect((await run('kept.value')).result).toBe('42');
  }
  const { result } = await run('const heard = beats; await sleep(100); clearInterval(beating); beats > heard');
  expect(result).toBe('true');
});

test('what an earlier cell left spinning is stopped by an interrupt', async () => {
  await run('setTimeout(() => { for (;;); }, 1); 0');
  await sleep(50);
  await notebook.language.interrupt?.();
  expect((await run('kept.value')).result).toBe('42');
});

test('interrupts in a burst of output neither lose the pipe nor the next cell', async () => {
  for (let count = 0; count < 20; count++) {
    await stops('for (let i = 0; ; i++) { console.log(i); if (i % 100 === 0) display(i) }');
  }
});

test('a child process that a cell waits for is stopped as well', async () => {
  const { ename, evalue } = await interruptAfter('go', `${GO} require("node:child_process").execSync("sleep 1000")`);
  expect(ename ?? '').toMatch(/Interrupted|Error/);
  expect(evalue).not.toContain('lost');
  expect((await run('kept.value')).result).toBe('42');
});

test('a second cell can run while the first awaits, and an interrupt stops both', async () => {
  const first = run(`${GO} await new Promise(() => {})`);
  const second = await run('"in between"');
  expect(second.result).toBe("'in between'");
  await notebook.language.interrupt?.();
  expect((await first).ename).toBe('Interrupted');
});

test('an interrupt while the process is being replaced ends the cell that waits for it', async () => {
  const replaced = openNotebook();
  try {
    await replaced.run('process.exit(1)');
    const cell = new RecordedCell();
    const running = replaced.language.execute(
      {
        code: 'for (;;);',
        silent: false,
        storeHistory: true,
        userExpressions: {},
        allowStdin: true,
        executionCount: 2,
      },
      cell,
    );
    const reason = new CurveKernelError('interrupted', 'the kernel was interrupted', { hint: 'none' });
    cell.aborting.abort(reason);
    await replaced.language.interrupt?.();
    await expect(running).rejects.toBe(reason);
    expect((await replaced.run('1 + 1')).result).toBe('2');
  } finally {
    await replaced.language.close?.('shutdown');
  }
});

test('an evaluator that cannot be stopped is replaced, and the cell says so', async () => {
  const stubborn = openNotebook({ interruptTimeout: 300 });
  try {
    await stubborn.run('var before = 1');
    const { ename, evalue } = await stubborn.interruptAfter(
      'go',
      `require("node:child_process").execSync("trap '' INT; echo go; sleep 1000", { stdio: "inherit" })`,
    );
    expect(ename).toBe('EvaluatorLost');
    expect(evalue).toContain('could not be interrupted within 0.3 s');
    expect((await stubborn.run('typeof before')).result).toBe("'undefined'");
  } finally {
    await stubborn.language.close?.('shutdown');
  }
});

describe('the error of an interrupted cell says at which line it was', () => {
  test.each([
    ['a loop', `${GO}\nlet n = 0;\nwhile (true)\n  n++;`, 'Cell [n], line 3', 'at Cell [n]:3'],
    ['a function', `function spins() {\n  for (;;) {}\n}\n${GO}\nspins();`, 'Cell [n], line 2', 'at Cell [n]:5'],
    ['after an await', `${GO}\nawait 0;\nfor (;;) {}`, 'Cell [n], line 3', 'at Cell [n]:3'],
    ['a microtask loop', `${GO}\nfor (;;)\n  await 0;`, 'Cell [n], line', 'at '],
    [
      'a sleep',
      `${GO}\n\nAtomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
      'Cell [n], line 3',
      'at Cell [n]:3',
    ],
    ['a regular expression', `${GO}\n/^(a+)+$/.test("a".repeat(50) + "b");`, 'Cell [n], line 2', 'at Cell [n]:2'],
    ['an await', `${GO}\n\nawait new Promise(() => {});`, 'Cell [n], line 3', 'at async Cell [n]:3'],
  ])('%s', async (_what, code, line, place) => {
    const { ename, traceback } = await interruptAfter('go', code);
    expect(ename).toBe('Interrupted');
    const numbered = traceback.replace(/Cell \[\d+\]/g, 'Cell [n]');
    expect(numbered).toContain(line);
    expect(numbered).toContain(place);
  });

  test('in a function of an earlier cell, the lines of both', async () => {
    await run('function endless() {\n  for (;;) {}\n}');
    const { traceback } = await interruptAfter('go', `${GO}\nendless();`);
    expect(traceback).toMatch(/Cell \[(\d+)\], line 2[^]*at endless \(Cell \[\1\]:2[^]*at Cell \[(?!\1)\d+\]:2/);
  });

  test('and a cell that is not itself interrupted in a loop is not given the place of another', async () => {
    await run('setTimeout(() => { for (;;) {} }, 50); 0');
    const { ename, traceback } = await interruptAfter('go', `${GO}\nawait new Promise(() => {});`);
    expect(ename).toBe('Interrupted');
    expect(traceback).toMatch(/Cell \[\d+\], line 2/);
  });
});
