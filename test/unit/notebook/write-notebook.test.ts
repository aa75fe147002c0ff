import { execFile } from 'node:child_process';
import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook } from '#src/notebook/notebook.js';
import { writeNotebook } from '#src/notebook/write-notebook.js';

const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-notebook-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('a notebook is written, and nothing else is left in the folder', async () => {
  const file = join(folder, 'new.ipynb');
  await writeNotebook(file, notebook);
  expect(await readFile(file, 'utf8')).toBe(formatNotebook(notebook));
  expect(await readdir(folder)).toEqual(['new.ipynb']);
});

test('a file that exists keeps its permissions, and a symbolic link stays one', async () => {
  const [file, link] = [join(folder, 'shared.ipynb'), join(folder, 'link.ipynb')];
  await writeFile(file, 'old');
  await chmod(file, 0o664);
  await symlink(file, link);
  await writeNotebook(link, notebook);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect((await stat(file)).mode & 0o777).toBe(0o664);
  expect(await readFile(file, 'utf8')).toBe(formatNotebook(notebook));
});

test('what is not a file is not replaced by one', async () => {
  const pipe = join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  await expect(writeNotebook(pipe, notebook)).rejects.toMatchObject({ code: 'notebook-unwritable' });
  expect((await lstat(pipe)).isFIFO()).toBe(true);
  await rm(pipe);
});

test('many writers at once leave one whole notebook', async () => {
  const file = join(folder, 'contested.ipynb');
  const versions = Array.from({ length: 10 }, (_, index) => ({ ...notebook, metadata: { index } }));
  await Promise.all(versions.map((version) => writeNotebook(file, version)));
  expect(versions.map(formatNotebook)).toContain(await readFile(file, 'utf8'));
});

test('what cannot be written is an error that names the file, and leaves nothing behind', async () => {
  const missing = writeNotebook(join(folder, 'no/such/folder/x.ipynb'), notebook);
  await expect(missing).rejects.toMatchObject({
    code: 'notebook-unwritable',
    message: expect.stringContaining('x.ipynb'),
  });
  const before = await readdir(folder);
  await expect(writeNotebook(folder, notebook)).rejects.toMatchObject({ code: 'notebook-unwritable' });
  expect(await readdir(folder)).toEqual(before);
});
