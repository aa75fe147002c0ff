/** A code cache is executable content beside a bundle: it is taken only where it is as safe as the bundle. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';

const run = promisify(execFile);
const module = pathToFileURL(join(repository, 'dist/support/code-cache.js')).href;

let folder: string;
let bundle: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-cache-'));
  bundle = join(folder, 'bundle.cjs');
  await writeFile(bundle, 'exports.sum = (a, b) => a + b;\nexports.later = () => importModule("node:os");\n', {
    mode: 0o644,
  });
});
afterEach(() => rm(folder, { recursive: true }));

/** Loads the bundle in a process of its own: whether from the cache, and what it exports. */
async function load(write = false): Promise<unknown> {
  const code = `
    import { createRequire } from 'node:module';
    import { loadBundle } from ${JSON.stringify(module)};
    const bundle = loadBundle(${JSON.stringify(bundle)}, createRequire(${JSON.stringify(bundle)}));
    const sum = bundle.exports.sum(1, 2);
    const { hostname } = await bundle.exports.later();
    if (typeof hostname !== 'function') throw new Error('no import()');
    if (${write}) bundle.writeCache();
    console.log(JSON.stringify({ fromCache: bundle.fromCache, sum }));`;
  return JSON.parse((await run(process.execPath, ['--input-type=module', '-e', code])).stdout);
}

async function cacheFile(): Promise<string> {
  const [name, ...others] = (await run('ls', [folder])).stdout.split('\n').filter((one) => one.endsWith('.cache'));
  expect(others).toEqual([]);
  return join(folder, String(name));
}

test('what one process wrote, the next one takes', async () => {
  expect(await load(true)).toEqual({ fromCache: false, sum: 3 });
  expect(await load()).toEqual({ fromCache: true, sum: 3 });
});

test.each<[string, (cache: string) => Promise<unknown>]>([
  ['a cache that the group can write', (cache) => chmod(cache, 0o664)],
  ['a cache that all can write', (cache) => chmod(cache, 0o646)],
  ['a symbolic link', async (cache) => (await rename(cache, `${cache}.real`), symlink(`${cache}.real`, cache))],
  ['a named pipe', async (cache) => (await rm(cache), run('mkfifo', [cache]))],
  ['a folder', async (cache) => (await rm(cache), run('mkdir', [cache]))],
  ['half of a cache', (cache) => truncate(cache, 700)],
  ['an empty file', (cache) => truncate(cache, 0)],
  ['no head', (cache) => writeFile(cache, Buffer.alloc(10_000, 1))],
  [
    'code that was changed',
    async (cache) => {
      const bytes = await readFile(cache);
      bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
      await writeFile(cache, bytes);
    },
  ],
  [
    'a cache of another bundle',
    () => writeFile(bundle, 'exports.sum = (a, b) => b + a;\nexports.later = () => importModule("node:os");\n'),
  ],
])('%s is left aside, and no error', async (_, harm) => {
  await load(true);
  await harm(await cacheFile());
  expect(await load()).toEqual({ fromCache: false, sum: 3 });
});

// As root, who may give files away.
(process.getuid?.() === 0 ? test : test.skip)('a cache of another account is left aside', async () => {
  await load(true);
  await run('chown', ['65534', await cacheFile()]);
  expect(await load()).toEqual({ fromCache: false, sum: 3 });
  await run('chown', ['65534', bundle]);
  expect(await load()).toEqual({ fromCache: true, sum: 3 });
});
