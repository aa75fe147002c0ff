import { expect, test } from '@jest/globals';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markProcess, type ProcessMark } from '#src/support/process-mark.js';
import { sweepStates } from '#src/server/state/sweep-states.js';
import { folder } from '../../support/kernel/share.js';

/** The id of this process, and of an earlier start than its own. */
const DEAD = { started: '1' };

test.each<[string, Partial<ProcessMark>, 'stays' | 'goes']>([
  ['that has ended', DEAD, 'goes'],
  ['that lives', {}, 'stays'],
  ['of this machine before it was started again', { boot: 'another' }, 'goes'],
  ['on another machine', { ...DEAD, host: 'another' }, 'stays'],
  ['in another container', { ...DEAD, space: 'pid:[1]' }, 'stays'],
])('what is left by a kernel %s', async (_, differs, fate) => {
  const where = await folder();
  const kernel = { ...(await markProcess()), ...differs };
  const state = {
    format: 'jupyter-curve-access/2',
    kernel,
    clientFiles: ['client-ada-k.json', '../k.json'],
    sealed: 'x',
  };
  await writeFile(join(where, 'k.json.access'), JSON.stringify(state));
  await writeFile(join(where, 'client-ada-k.json'), '{}');
  await sweepStates(where);
  expect(await readdir(where)).toHaveLength(fate === 'stays' ? 2 : 0);
});
