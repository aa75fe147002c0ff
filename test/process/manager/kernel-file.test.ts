/** The connection file of a kernel, and what else may have its name. */
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { execute } from '../../support/kernel/execute.js';
import { createWorkplace, fixtureKernel, isAlive, type Workplace } from '../../support/kernel/workplace.js';

let place: Workplace;
let file: string;
beforeEach(async () => {
  place = await createWorkplace();
  await place.describeOdd('odd', []);
  file = join(place.folder, 'mine.json');
});
afterEach(() => place.dispose());

test.each([
  ['text', 'my thesis\n'],
  ['an empty file', ''],
  ['other JSON', '{"key": "abc"}'],
])('a file that holds %s is left alone', async (_, text) => {
  await writeFile(file, text);
  await expect(place.start('odd', { connectionFile: file })).rejects.toMatchObject({
    code: 'connection-file-unwritable',
    message: expect.stringContaining('exists already'),
  });
  expect(await readFile(file, 'utf8')).toBe(text);
  expect(await place.files()).toEqual([]);
});

test('a file is left alone when its kernel could not even be described', async () => {
  await place.describe('nothing', []);
  await writeFile(file, 'my thesis\n');
  await expect(place.start('nothing', { connectionFile: file })).rejects.toMatchObject({ code: 'kernelspec-invalid' });
  expect(await readFile(file, 'utf8')).toBe('my thesis\n');
});

test('a link is left alone, also one that leads nowhere', async () => {
  await symlink(join(place.folder, 'nowhere'), file);
  await expect(place.start('odd', { connectionFile: file })).rejects.toMatchObject({
    code: 'connection-file-unwritable',
  });
});

describe.each(['tcp', 'ipc'] as const)('over %s', (transport) => {
  test.each(['required', 'disabled'] as const)(
    'the file of a kernel that runs is not given to a second one, encryption %s',
    async (transportEncryption) => {
      const options = { connectionFile: file, transport, transportEncryption };
      const first = await place.start('odd', options);
      const text = await readFile(file, 'utf8');
      await expect(place.start('odd', options)).rejects.toMatchObject({
        code: 'connection-file-unwritable',
        message: expect.stringContaining('a kernel that runs'),
      });
      expect(await readFile(file, 'utf8')).toBe(text);
      await first.restart();
      expect(await isAlive(first.pid)).toBe(true);
      await first.shutdown();
    },
  );

  test('nor is that of a kernel that is just starting, or hangs', async () => {
    await place.describe('slow', [process.execPath, fixtureKernel('says-nothing.mjs')]);
    const giveUp = new AbortController();
    const starting = place.start('slow', { connectionFile: file, transport, signal: giveUp.signal, id: 'slow' });
    starting.catch(() => undefined);
    await eventually(async () => (await place.files()).includes('jupyter-curve-slow.json'));
    await expect(place.start('odd', { connectionFile: file, transport })).rejects.toMatchObject({
      code: 'connection-file-unwritable',
      message: expect.stringContaining('a kernel that runs'),
    });
    expect(JSON.parse(await readFile(file, 'utf8')).kernel_name).toBe('slow');
    giveUp.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
  });

  test('what a kernel that is gone has left is used again', async () => {
    const options = { connectionFile: file, transport };
    const first = await place.start('odd', options);
    const text = await readFile(file, 'utf8');
    await first.shutdown();
    await writeFile(file, text, { mode: 0o600 });
    const second = await place.start('odd', options);
    expect(JSON.parse(await readFile(file, 'utf8')).key).not.toBe(JSON.parse(text).key);
    await second.shutdown();
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});

test('what took the name of a kernel’s file meanwhile outlives the kernel', async () => {
  const kernel = await place.start('odd', { connectionFile: file });
  await writeFile(file, 'my thesis\n');
  await kernel.shutdown();
  expect(await readFile(file, 'utf8')).toBe('my thesis\n');
});

test('a kernel whose file was removed gets it again at its restart', async () => {
  await place.describeTypeScript();
  const kernel = await place.start('typescript', { connectionFile: file, secretBy: 'environment' });
  await rm(file);
  await kernel.restart();
  expect(await execute(kernel.connection, 'console.log(1)')).toBe('1\n');
  expect(JSON.parse(await readFile(file, 'utf8'))).not.toHaveProperty('curve_secretkey');
  await kernel.shutdown();
});

test.each([
  ['the runtime folder', {}],
  ['the folder of the file', { connectionFile: '/dev/null/kernel.json' }],
])('%s that cannot be made is an error that says so', async (_, options) => {
  const env = { JUPYTER_RUNTIME_DIR: '/dev/null/runtime' };
  await expect(place.start('odd', { env, ...options })).rejects.toMatchObject({
    code: 'connection-file-unwritable',
    hint: expect.stringContaining('JUPYTER_RUNTIME_DIR'),
  });
  await expect(place.start('odd', { env, connectionFile: file })).rejects.toMatchObject({
    code: 'connection-file-unwritable',
  });
  await expect(readFile(file)).rejects.toThrow('ENOENT');
});
