import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCurveKernelError } from '#src/errors.js';
import { eventually } from '../../support/eventually.js';
import { openNotebook, type Notebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook({ evaluatorArguments: ['--max-old-space-size=64'] });
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

/** Runs the code behind two last words; what came out on stderr. */
const ends = async (code: string, why: string, words = 'last words\n'): Promise<string> => {
  await run('var before = 1');
  const { ename, evalue, stdout, stderr } = await run(`console.log("last words"); console.error("and these"); ${code}`);
  expect(ename).toBe('EvaluatorLost');
  expect(evalue).toContain(why);
  expect(evalue).toContain('variables are gone');
  expect(stdout).toBe(words);
  expect((await run('typeof before')).result).toBe("'undefined'");
  return stderr;
};

describe('when a cell ends its process, the cell fails, says that variables are lost, and the next one runs in a fresh process', () => {
  test.each([
    ['process.exit(3)', 'process.exit(3) was called'],
    ['process.on("exit", () => console.log("goodbye")); process.exit()', 'process.exit(0) was called', 'goodbye\n'],
    ['await 0; setTimeout(() => process.exit(), 5); await new Promise(() => {})', 'process.exit(0) was called'],
    ['process.kill(process.pid)', 'ended by SIGTERM'],
    ['process.kill(process.pid, "SIGKILL")', 'killed'],
    ['process.reallyExit(1)', 'process.exit(1) was called'],
  ])('%s', async (code, why, more = '') => {
    expect(await ends(code, why, `last words\n${more}`)).toBe('and these\n');
  });

  test.each(['process.abort()', 'const all = []; for (;;) all.push(new Array(1e4).fill(Math.random()))'])(
    '%s, which Node itself comments on',
    async (code) => {
      const stderr = await ends(code, 'aborted');
      expect(stderr).toMatch(/^and these\n/);
      expect(stderr).not.toContain('debugger');
    },
  );

  test('process.exit, after an interrupt of a cell that spun', async () => {
    await notebook.interruptAfter('go', 'console.log("go"); for (;;);');
    expect(await ends('process.exit(1)', 'process.exit(1) was called')).toBe('and these\n');
  });
});

test.each([
  ['garbage', 'Buffer.alloc(64, 0xff)'],
  ['a frame that is no JSON', 'Buffer.from("0000000900000005" + Buffer.from("hello").toString("hex"), "hex")'],
  [
    'an unknown message',
    '(() => { const j = Buffer.from(JSON.stringify({ type: "own-goal" })); const h = Buffer.alloc(8); h.writeUInt32BE(j.length + 4, 0); h.writeUInt32BE(j.length, 4); return Buffer.concat([h, j]) })()',
  ],
  [
    'a message of a wrong shape',
    '(() => { const j = Buffer.from(JSON.stringify({ type: "stream", cell: "x" })); const h = Buffer.alloc(8); h.writeUInt32BE(j.length + 4, 0); h.writeUInt32BE(j.length, 4); return Buffer.concat([h, j]) })()',
  ],
  [
    'JSON too deep to be written again',
    '(() => { const j = Buffer.from(`{"type":"display","cell":1,"metadata":{},"data":${"[".repeat(2e5)}${"]".repeat(2e5)}}`.replace("[", `{"a":[`).replace(/]}$/, "]}}")); const h = Buffer.alloc(8); h.writeUInt32BE(j.length + 4, 0); h.writeUInt32BE(j.length, 4); return Buffer.concat([h, j]) })()',
  ],
])('a cell that writes %s to the pipe loses its process, and nobody else anything', async (_what, bytes) => {
  const { ename, evalue } = await run(`require("node:fs").writeSync(4, ${bytes}); await new Promise(() => {})`);
  expect(ename).toBe('EvaluatorLost');
  expect(evalue).toContain('broke its pipe');
  expect((await run('1 + 1')).result).toBe('2');
});

test('closing ends the evaluator and what cells have started, also while one spins', async () => {
  const closing = openNotebook();
  const { result } = await closing.run(
    'const child = require("node:child_process").spawn("sleep", ["1000"]); [process.pid, child.pid]',
  );
  const spinning = closing.run('console.log("spins"); for (;;);');
  const pids = (result ?? '').match(/\d+/g)?.map(Number) ?? [];
  expect(pids).toHaveLength(2);
  await closing.language.close?.('shutdown');
  expect((await spinning).ename).toBe('EvaluatorLost');
  await eventually(() => !pids.some(isAlive));
});

test('when the kernel dies, the evaluator and what its cells have started die too, also while one spins', async () => {
  const kernel = spawn(process.execPath, ['--input-type=module', '-e', KERNEL], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  kernel.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await eventually(() => /\d+ \d+\n/.test(printed));
  } finally {
    kernel.kill('SIGKILL');
  }
  const pids = printed.trim().split(' ').map(Number);
  await eventually(() => !pids.some(isAlive));
});

test('what cannot be started is an error that says so', async () => {
  const nowhere = openNotebook({ cwd: '/no/such/folder' });
  await expect(nowhere.run('1')).rejects.toMatchObject({ code: 'evaluator-failed' });
  const noNode = openNotebook({ execPath: '/no/such/node' });
  await expect(noNode.language.start?.()).rejects.toMatchObject({ code: 'evaluator-failed' });
  const badFlag = openNotebook({ evaluatorArguments: ['--no-such-flag'] });
  await expect(badFlag.run('1')).rejects.toMatchObject({
    code: 'evaluator-failed',
    hint: expect.stringContaining('no-such-flag'),
  });
  for (const each of [nowhere, noNode, badFlag]) await each.language.close?.('shutdown');
});

test('a parser that is missing is the error of each cell', async () => {
  const script =
    "import module from 'node:module'; const { _load } = module; module._load = (name, ...rest) => { if (name.includes('oxc-parser')) throw new Error('there is no ' + name); return _load(name, ...rest) };";
  const { run: runWithout, language } = openNotebook({
    evaluatorArguments: ['--import', `data:text/javascript,${encodeURIComponent(script)}`],
  });
  for (const code of ['1', 'const a: number = 1']) {
    const { ename, evalue } = await runWithout(code);
    expect({ ename, evalue }).toEqual({ ename: 'Error', evalue: 'there is no oxc-parser' });
  }
  await language.close?.('shutdown');
});

/** A notebook whose processes write their ids into the file, and run `code` first. */
const preloaded = (log: string, code: string): Notebook => {
  const script = `import fs, { appendFileSync } from 'node:fs'; import module from 'node:module'; import { isMainThread } from 'node:worker_threads'; if (isMainThread) appendFileSync(${JSON.stringify(log)}, process.pid + ' '); ${code}`;
  return openNotebook({ evaluatorArguments: ['--import', `data:text/javascript,${encodeURIComponent(script)}`] });
};
const started = async (log: string): Promise<number[]> => (await readFile(log, 'utf8')).trim().split(' ').map(Number);

describe('an evaluator that fails again and again', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jc-crash-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('because it cannot be loaded, is started once for each cell, which tells why', async () => {
    const log = join(folder, 'no-threads');
    const { run: runWithout, language } = preloaded(
      log,
      "const { _load } = module; module._load = (name, ...rest) => { if (name.includes('worker_threads')) throw Object.assign(new Error('there are no threads'), { stack: 'there are no threads' }); return _load(name, ...rest) };",
    );
    for (const code of ['1', '2']) {
      await expect(runWithout(code)).rejects.toMatchObject({
        code: 'evaluator-failed',
        hint: expect.stringContaining('there are no threads'),
      });
    }
    expect(await started(log)).toHaveLength(2);
    await language.close?.('shutdown');
  });

  test('as soon as it is ready, is not started for ever', async () => {
    const log = join(folder, 'never-lives');
    const { run: runAgain, language } = preloaded(
      log,
      "const { writeSync } = fs; const kill = process.kill.bind(process); fs.writeSync = (fd, ...rest) => { const written = writeSync(fd, ...rest); if (fd === 4) kill(process.pid, 'SIGKILL'); return written }; module.syncBuiltinESMExports();",
    );
    await language.start?.();
    // Whether it ends before or after that is known, the cell says so.
    const told = async (code: string): Promise<string> => {
      try {
        return (await runAgain(code)).ename ?? 'nothing';
      } catch (error) {
        return isCurveKernelError(error) ? error.code : 'another error';
      }
    };
    for (const code of ['1', '2']) expect(await told(code)).toMatch(/^(EvaluatorLost|evaluator-failed)$/);
    await run('"meanwhile another process is started"; process.exit()');
    await run('1');
    const pids = await started(log);
    expect(pids.length).toBeLessThanOrEqual(5);
    await eventually(() => !pids.some(isAlive));
    await language.close?.('shutdown');
  });
});

test('nothing that leads to a key is in the environment, the arguments or the descriptors of a cell', async () => {
  const marker = 'this-must-not-be-there';
  const secretive = openNotebook({
    env: {
      ...process.env,
      JUPYTER_CURVE_SECRETKEY: marker,
      JPY_PARENT_PID: marker,
      SOME_FILE: `/run/${marker}/kernel-1234.json`,
      NODE_CHANNEL_FD: '3',
      KEPT: 'kept',
    },
  });
  try {
    const { result } = await secretive.run(
      'const fs = require("node:fs"); const { execFileSync } = require("node:child_process"); JSON.stringify([process.env, fs.readFileSync("/proc/self/environ", "latin1"), fs.readFileSync("/proc/self/cmdline", "latin1"), process.argv, execFileSync("env").toString()])',
    );
    expect(result).toContain('KEPT');
    expect(result).not.toContain(marker);
    expect(result).not.toContain('kernel-1234');
    const { result: open } = await secretive.run(
      'fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => { try { return /^(socket|pipe):/.test(fs.readlinkSync(`/proc/self/fd/${fd}`)) } catch { return false } }).filter((fd) => fd < 6).join()',
    );
    expect(open).toBe("'1,2,3,4,5'");
    const { result: inherited } = await secretive.run('process.pid');
    expect((await readFile(`/proc/${inherited}/environ`, 'latin1')).includes(marker)).toBe(false);
  } finally {
    await secretive.language.close?.('shutdown');
  }
});

/** A kernel process whose cell starts a child, prints both ids and spins. */
const KERNEL = `
  const { createTypeScriptLanguage } = await import(${JSON.stringify(new URL('../../../dist/typescript/typescript-language.js', import.meta.url).href)});
  const ignore = () => {};
  const cell = { signal: new AbortController().signal, stream: (_, text) => process.stdout.write(text), display: ignore, result: ignore, error: ignore };
  const code = 'const child = require("node:child_process").spawn("sleep", ["1000"]); console.log(process.pid + " " + child.pid); for (;;);';
  await createTypeScriptLanguage().execute({ code, silent: false, storeHistory: true, userExpressions: {}, allowStdin: false, executionCount: 1 }, cell);
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
