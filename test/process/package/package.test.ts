/** What is published: the files, and that the command works from them alone. */
import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';

const run = promisify(execFile);
let folder: string;
let files: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-pack-'));
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: repository, maxBuffer: 2 ** 24 });
  const [packed]: { filename: string; files: { path: string }[] }[] = JSON.parse(stdout);
  files = (packed?.files ?? []).map((file) => file.path);
  await run('tar', ['-xzf', join(folder, packed?.filename ?? ''), '-C', folder]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds the built files, the kernelspec, the pages and the example', () => {
  const wanted = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'];
  wanted.push('dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'kernelspec/kernel.json');
  wanted.push(...['command', 'kernel', 'kernel-process', 'start-program'].map((name) => `dist/cli/${name}.cjs`));
  wanted.push('kernelspec/logo-32x32.png', 'kernelspec/logo-64x64.png', 'kernelspec/logo-svg.svg');
  wanted.push('docs/share.md', 'docs/pictures/terminal.svg', 'examples/tour.ipynb');
  expect(files).toEqual(expect.arrayContaining(wanted));
});

test('the package holds nothing else', () => {
  const known =
    /^(dist\/[\w/-]+\.(js|d\.ts)|dist\/(cli\/(command|kernel|kernel-process|relay-process|start-program)|typescript\/evaluator\/[a-z-]+)\.cjs|docs\/[\w/-]+\.(md|svg|png)|examples\/\w+\.ipynb|kernelspec\/(kernel\.json|logo-[\w]+\.(png|svg))|dist\/third-party-licenses\.txt|[A-Z]+(\.md)?|package\.json)$/;
  expect(files.filter((file) => !known.test(file))).toEqual([]);
});

test('the licences of what is bundled come with it', () => {
  const licences = readFileSync(join(repository, 'dist/third-party-licenses.txt'), 'utf8');
  for (const name of ['yargs', 'zeromq', 'magic-string', 'oxc-parser', 'oxc-transform'])
    expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(`, 'm'));
});

test('every source file is built, and nothing is built without one', async () => {
  const sources = await readdir(join(repository, 'src'), { recursive: true });
  const expected = sources.filter((name) => name.endsWith('.ts')).map((name) => `dist/${name.replace(/\.ts$/, '.js')}`);
  const built = files.filter((file) => /^dist\/.*\.js$/.test(file));
  expect(built.toSorted()).toEqual(expected.toSorted());
});

test('the command installs the kernel from the unpacked package, and its own compiled code', async () => {
  await symlink(join(repository, 'node_modules'), join(folder, 'package/node_modules'));
  const main = join(folder, 'package/dist/cli/main.js');
  const { stdout } = await run(main, ['install', '--prefix', join(folder, 'prefix')]);
  expect(new Set(await readdir(stdout.trim()))).toEqual(
    new Set(['kernel.json', 'logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']),
  );
  const caches = (await readdir(join(folder, 'package/dist/cli'))).filter((name) => name.endsWith('.cache'));
  expect(caches.map((name) => name.replace(/\.[^.]+\.cache$/, '')).toSorted()).toEqual([
    'command.cjs',
    'kernel-process.cjs',
    'relay-process.cjs',
  ]);
  expect((await run(main, ['specs', '--help'])).stdout).toContain('jupyter-curve specs');
});

const attempt = (specifier: string): Promise<{ stdout: string }> =>
  run(process.execPath, ['-e', `import(${JSON.stringify(specifier)}).then((m) => console.log(typeof m.attach))`], {
    cwd: repository,
  });

test('only the door can be imported', async () => {
  expect((await attempt('jupyter-curve')).stdout).toBe('function\n');
  await expect(attempt('jupyter-curve/dist/keys/secret.js')).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});
