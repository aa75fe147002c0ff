import { expect, test } from '@jest/globals';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WatchedFile, type FileState } from '#src/server/rules/watched-file.js';
import { folder } from '../../support/kernel/share.js';

async function watch() {
  const file = join(await folder(), 'watched');
  const write = async (text: string): Promise<void> => writeFile(file, text, { mode: 0o600 });
  await write('one');
  const seen: FileState[] = [];
  // It looks when it is told to.
  const watched = new WatchedFile({
    file,
    kind: 'policy',
    interval: 1_000_000,
    onChange: async (state) => void seen.push(state),
  });
  await watched.open();
  return { file, write, seen, watched };
}

test('a change is taken in at the first look, and once', async () => {
  const { write, seen, watched } = await watch();
  await write('two');
  for (let looks = 0; looks < 3; looks++) await watched.check();
  expect(seen).toEqual([{ kind: 'text', text: 'two' }]);
  watched.close();
});

test.each([
  ['emptied', truncate, { kind: 'text', text: '' }],
  ['taken away', rm, { kind: 'missing' }],
])('a file that is %s for a moment has not changed, and one that stays so has', async (_, vanish, state) => {
  const { file, write, seen, watched } = await watch();
  for (let times = 0; times < 3; times++) {
    await vanish(file);
    await watched.check();
    await write('one');
    await watched.check();
  }
  expect(seen).toEqual([]);
  await vanish(file);
  await watched.check();
  await watched.check();
  expect(seen).toEqual([state]);
  watched.close();
});
