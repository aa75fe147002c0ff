import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { openNotebook, type Notebook, type Ran } from '../../support/kernel/recorded-cell.js';

let notebook: Notebook;
beforeEach(() => {
  notebook = openNotebook({ evaluatorArguments: ['--max-old-space-size=64'], interruptTimeout: 500 });
});
const folders: string[] = [];
afterEach(async () => {
  await notebook.language.close?.('shutdown');
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});
const run: Notebook['run'] = (...cell) => notebook.run(...cell);

/** Runs a cell whose callback runs `code` when the returned function is called: not before the cell is over, also on a busy machine. */
async function whenCellIsOver(code: string, result = '1') {
  const folder = await mkdtemp(join(tmpdir(), 'jc-loss-'));
  folders.push(folder);
  const file = JSON.stringify(join(folder, 'now'));
  const cause = await run(
    `const { existsSync } = require("node:fs");
    const timer = setInterval(async () => { if (!existsSync(${file})) return; clearInterval(timer); ${code} }, 10); ${result}`,
  );
  return { cause, happen: () => writeFile(join(folder, 'now'), '') };
}

const BEFORE =
  /^Before this cell, the process that runs cells was lost: (.*)\. All variables of earlier cells are gone\.\n/;
const toldUnder = async ({ cell }: Ran, why: string): Promise<void> => {
  await eventually(() => cell.text('stderr').includes('The process that runs cells was lost'));
  expect(cell.text('stderr')).toContain(why);
  expect(cell.text('stderr')).toContain('All variables are gone');
};

describe('when a process ends while no cell runs, the cell that caused it and the next one say why and what is lost', () => {
  test.each([
    ['process.exit(3)', 'process.exit(3) was called'],
    ['process.exit()', 'process.exit(0) was called'],
    ['process.abort()', 'it aborted (SIGABRT)'],
    ['process.kill(process.pid)', 'it was ended by SIGTERM'],
    ['process.kill(process.pid, 9)', 'it was killed (SIGKILL)'],
    ['await fetch("data:,x"); await 0; process.exit(5)', 'process.exit(5) was called'],
  ])('%s', async (code, why) => {
    await run('var before = 1');
    const { cause, happen } = await whenCellIsOver(code);
    const other = await run('"another"');
    await happen();
    await toldUnder(cause, why);
    expect(other.cell.text('stderr')).not.toContain('was lost');
    const next = await run('console.error("mine"); typeof before');
    expect(next.stderr).toMatch(BEFORE);
    expect(next.stderr).toContain(why);
    expect(next.stderr).toMatch(/mine\n$/);
    expect(next.result).toBe("'undefined'");
    expect((await run('1')).stderr).toBe('');
  });

  test('out of memory in a callback', async () => {
    const { cause, happen } = await whenCellIsOver(
      'const all = []; for (;;) all.push(new Array(1e4).fill(Math.random()))',
    );
    await happen();
    await toldUnder(cause, 'it aborted (SIGABRT), which out of memory does as well');
    expect((await run('1')).stderr).toMatch(BEFORE);
  });

  test('a kill from outside', async () => {
    const cause = await run('process.pid');
    process.kill(Number(cause.result), 'SIGKILL');
    await toldUnder(cause, 'it was killed (SIGKILL)');
    expect((await run('1 + 1')).stderr).toMatch(BEFORE);
  });

  test('a kill by the kernel, which could not interrupt a callback', async () => {
    const { cause, happen } = await whenCellIsOver('process.kill(process.pid, "SIGSTOP")', 'process.pid');
    await happen();
    await eventually(() => readFileSync(`/proc/${cause.result}/stat`, 'utf8').includes(') T '));
    await notebook.language.interrupt?.();
    await toldUnder(cause, 'it could not be interrupted within 0.5 s');
    expect((await run('1')).stderr).toMatch(BEFORE);
  });

  test('a process that breaks its pipe', async () => {
    const { cause, happen } = await whenCellIsOver('require("node:fs").writeSync(4, Buffer.alloc(64, 0xff))');
    await happen();
    await toldUnder(cause, 'it broke its pipe to the kernel');
    expect((await run('1')).stderr).toMatch(BEFORE);
  });
});

test('several ends are told once, to the first cell that shows anything, as the loss of variables', async () => {
  const first = await run('process.pid');
  process.kill(Number(first.result), 'SIGKILL');
  await toldUnder(first, 'it was killed');
  expect((await run('1', { silent: true })).ename).toBeUndefined();
  const { cause: second, happen } = await whenCellIsOver('process.exit(7)');
  expect(second.stderr).toMatch(BEFORE);
  await happen();
  await toldUnder(second, 'process.exit(7)');
  const third = await run('1');
  expect(BEFORE.exec(third.stderr)?.[1]).toBe('process.exit(7) was called');
});

test('a cell that runs while another one ends the process fails, and the cause is told as well', async () => {
  const cause = await run('var leave; new Promise((resolve) => { leave = resolve }).then(() => process.exit(4)); 1');
  const running = await run('leave(); await new Promise(() => {})');
  expect(running.ename).toBe('EvaluatorLost');
  expect(running.evalue).toContain('process.exit(4)');
  await toldUnder(cause, 'process.exit(4)');
  // The loss was an error of a cell already.
  expect((await run('1')).stderr).toBe('');
});

test('nothing is said of a process that ends before it was given a cell, nor of one that is closed', async () => {
  await notebook.language.start?.();
  const { result } = await run('process.pid');
  await notebook.language.close?.('shutdown');
  await eventually(() => !isAlive(Number(result)));
  const other = openNotebook();
  await other.language.start?.();
  expect((await other.run('1')).stderr).toBe('');
  await other.language.close?.('shutdown');
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
