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
  const save = async (of: StoredState, clientFiles: string[] = []) => state.save(() => ({ ...of, clientFiles }));
  /** As the kernel's next process reads it. */
  const read = async () => createStateFile(connectionFile, secret).read();
  return {
    file,
    state,
    save,
    inode: async () => (await lstat(file)).ino,
    text: async () => readFile(file, 'utf8'),
    read,
    /** The state in it, where it can be used. */
    readState: async () => {
      const found = await read();
      if (typeof found === 'string') return found;
      const { clientFiles: _, ...rest } = found;
      return rest;
    },
  };
}

test('every change is written whole, and the same state is not written again', async () => {
  const { file, save, inode, read } = await place();
  const files = ['/r/client-ada-k.json'];
  for (const state of [kept(1), kept(1, 2), kept(2), { ...kept(2), memory: '{"rules":2}' }]) {
    await save(state, files);
    const before = await inode();
    await save(state, files);
    expect(await inode()).toBe(before);
    expect(await read()).toEqual({ ...state, clientFiles: [expect.stringMatching(/\/client-ada-k\.json$/)] });
  }
  expect((await lstat(file)).mode & 0o777).toBe(0o600);
  const before = await inode();
  await save({ ...kept(2), memory: '{"rules":2}' }, []);
  expect(await inode()).not.toBe(before);
});

test('a state that was cut short, added to, changed or sealed for another kernel is not believed', async () => {
  const { file, save, read } = await place();
  await save(kept(1));
  const earlier = await readFile(file, 'utf8');
  await save(kept(2));
  const text = await readFile(file, 'utf8');
  for (const broken of ['', text.slice(0, 20), text.slice(0, -10), `${text}${earlier}`]) {
    await writeFile(file, broken);
    expect(await read()).toBe('lost');
  }
  const { sealed, ...plain }: { sealed: string } = JSON.parse(text);
  const changed = `${sealed.slice(0, 40)}${sealed[40] === 'A' ? 'B' : 'A'}${sealed.slice(41)}`;
  await writeFile(file, JSON.stringify({ ...plain, sealed: changed }));
  expect(await read()).toBe('none');
  const other = join(file, '..', 'other.json');
  await writeFile(`${other}.access`, text);
  expect(await createStateFile(other, Secret.fromBytes(Buffer.alloc(32, 7))).read()).toBe('none');
});

test('a file that somebody else has touched or removed is written whole', async () => {
  const { file, save, readState, text } = await place();
  await save(kept(1));
  await writeFile(file, 'foreign', { flag: 'a' });
  await save(kept(1));
  expect(await text()).not.toContain('foreign');
  await rm(file);
  await save(kept(1, 2, 3));
  expect(await readState()).toEqual(kept(1, 2, 3));
});

test('what was saved in the meantime is one write, and nothing is written once it is removed', async () => {
  const { file, state, save, readState } = await place();
  let asked = 0;
  const counted = () => ({ ...kept(1, 2, 3), memory: String(++asked), clientFiles: [] });
  const saves = [1, 2, 3].map(() => state.save(counted));
  await Promise.all(saves);
  expect(await readState()).toEqual({ ...kept(1, 2, 3), memory: '1' });
  await Promise.all([save(kept(1, 2, 3, 4)), state.remove()]);
  expect(await readdir(join(file, '..'))).toEqual([]);
});
