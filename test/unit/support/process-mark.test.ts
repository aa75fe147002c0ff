import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { isAlive, isCertainlyAlive, isProcessMark, markProcess, type ProcessMark } from '#src/support/process-mark.js';
import { eventually } from '../../support/eventually.js';

test.each<[string, Partial<ProcessMark>, alive: boolean, certainly: boolean]>([
  ['this process', {}, true, true],
  ['an earlier process of its id', { started: 'long ago' }, false, false],
  ['a process of its id whose start is not known', { started: '' }, true, false],
  ['a process before the machine was started', { boot: 'another' }, false, false],
  ['a process of another machine', { host: 'another' }, true, false],
  ['a process of another container', { space: 'another' }, true, false],
  ['a process that is gone', { pid: 2 ** 22 + 1 }, false, false],
])('%s', async (_, differs, alive, certainly) => {
  const own = await markProcess();
  expect(isProcessMark(own)).toBe(true);
  const mark = { pid: 0, started: '', host: '', boot: '', space: '', ...own, ...differs };
  expect([await isAlive(mark), await isCertainlyAlive(mark)]).toEqual([alive, certainly]);
});

test('a process that has ended and waits for its parent is none', async () => {
  const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line]: string[] = await once(parent.stdout.setEncoding('utf8'), 'data');
  await eventually(async () => (await markProcess(Number(line))) === undefined);
  parent.kill();
});

test.each([undefined, null, {}, { pid: 1.5, started: '', host: '', boot: '', space: '' }, { pid: 5, started: 5 }])(
  '%j is no mark',
  (value) => expect(isProcessMark(value)).toBe(false),
);
