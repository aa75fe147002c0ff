import { expect, test } from '@jest/globals';
import { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStateFile, type StoredState } from '#src/server/state/state-file.js';
import { Secret } from '#src/keys/secret.js';
import { folder } from '../../support/kernel/share.js';

const grant = (id: number): string => JSON.stringify({ id, text: 'é'.repeat(id) });
const kept = (...ids: number[]): StoredState => ({ memory: '{"rules":1}', grants: ids.map(grant) });

async function place() {
  const connectionFile = join(await folder(), 'k.json');
  const secret = Secret.fromBytes(Buffer.alloc(32, 7));
  const state = createStateFile(connectionFile, secret);
  const file = `${connectionFile}.access`;
  const save = async (of: StoredState, clientFiles: string[] = []) =>
    state.save(
      () => of,
      () => clientFiles,
    );
  /** As the kernel's next process reads it. */
  const read = async () => createStateFile(connectionFile, secret).read();
  return {
    file,
    state,
    save,
    inode: async () => (await lstat(file)).ino,
    lines: async () => (await readFile(file, 'utf8')).trimEnd().split('\n'),
    write: async (lines: readonly string[]) => writeFile(file, lines.map((line) => `${line}\n`).join('')),
    read,
    /** The state in it, where it can be used. */
    readState: async () => {
      const found = await read();
      return typeof found === 'string' ? found : found.state;
    },
  };
}

test('grants that come are added to the file, and what is there already is not written again', async () => {
  const { file, save, inode, lines, read } = await place();
  await save(kept(1));
  const before = { inode: await inode(), text: await readFile(file, 'utf8') };
  await save(kept(1, 2));
  await save(kept(1, 2, 3, 4), ['/r/client-ada-k.json']);
  await save(kept(1, 2, 3, 4), ['/r/client-ada-k.json']);
  expect(await inode()).toBe(before.inode);
  expect((await readFile(file, 'utf8')).startsWith(before.text)).toBe(true);
  expect(await lines()).toHaveLength(3);
  expect((await lstat(file)).mode & 0o777).toBe(0o600);
  expect(await read()).toEqual({
    state: kept(1, 2, 3, 4),
    clientFiles: [expect.stringMatching(/\/client-ada-k\.json$/)],
  });
});

test('whatever else changes is written anew, so that a file cut short brings back nothing', async () => {
  const { save, inode, lines, readState } = await place();
  await save(kept(1));
  await save(kept(1, 2));
  for (const state of [kept(2), { ...kept(2), memory: '{"rules":2}' }]) {
    const before = await inode();
    await save(state);
    expect(await inode()).not.toBe(before);
    expect(await lines()).toHaveLength(1);
    expect(await readState()).toEqual(state);
  }
  await save(kept(2, 3), ['/r/client-ada-k.json']);
  const before = await inode();
  await save(kept(2, 3), []);
  expect(await inode()).not.toBe(before);
});

test('a line that is half written is not there, and those before it are', async () => {
  const { file, save, readState } = await place();
  await save(kept(1));
  await save(kept(1, 2));
  await save(kept(1, 2, 3));
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, -10));
  expect(await readState()).toEqual(kept(1, 2));
});

test('lines that were moved, left out or taken from another time are not believed', async () => {
  const { save, lines, write, readState } = await place();
  await save(kept(1));
  await save(kept(1, 2));
  await save(kept(1, 2, 3));
  const [head = '', second = '', third = ''] = await lines();
  await write([head, third, second]);
  expect(await readState()).toEqual(kept(1));
  await write([head, third]);
  expect(await readState()).toEqual(kept(1));
  await write([head, second, second]);
  expect(await readState()).toEqual(kept(1, 2));
  // Revoked, and put back under the state that was written then.
  await save(kept(1));
  const [later = ''] = await lines();
  await write([later, second]);
  expect(await readState()).toEqual(kept(1));
});

test('a file that somebody else has touched or removed is written whole', async () => {
  const { file, save, readState, lines } = await place();
  await save(kept(1));
  await writeFile(file, 'foreign', { flag: 'a' });
  await save(kept(1, 2));
  expect(await lines()).toHaveLength(1);
  await rm(file);
  await save(kept(1, 2, 3));
  expect(await lines()).toHaveLength(1);
  expect(await readState()).toEqual(kept(1, 2, 3));
});

test('what was saved in the meantime is one write, and nothing is written once it is removed', async () => {
  const { file, state, save, lines } = await place();
  await Promise.all([save(kept(1)), save(kept(1, 2)), save(kept(1, 2, 3))]);
  expect((await lines()).length).toBeLessThanOrEqual(2);
  await Promise.all([save(kept(1, 2, 3, 4)), state.remove()]);
  expect(await readdir(join(file, '..'))).toEqual([]);
});
