import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findKernelSpec, findKernelSpecs } from '#src/launch/find-kernelspecs.js';
import { jupyterPaths } from '#src/launch/jupyter-paths.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';

const run = promisify(execFile);

let folder: string;
let python: string;
let basePython: string;
let sitePackages: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jc-paths-')));
  // Python resolves links in the path to its virtual environment, though not the link to its base.
  python = join(await realpath(dirname(pythonPath())), basename(pythonPath()));
  basePython = await realpath(python);
  sitePackages = (await run(python, ['-c', 'import site; print(site.getsitepackages()[0])'])).stdout.trim();
  await spec('one', 'Mixed-Case', { argv: ['one'], display_name: 'One', language: 'x' });
  await spec('one', 'twice', { argv: ['first'], display_name: 'First', language: 'x', env: { A: 'b' } });
  await spec('two', 'twice', { argv: ['second'], display_name: 'Second', language: 'x' });
  await spec('two', 'loud', {
    argv: ['l'],
    display_name: 'L',
    language: 'x',
    interrupt_mode: 'message',
    metadata: { a: 1 },
  });
  await spec('data', 'mine', { argv: ['mine'], display_name: 'Mine', language: 'x' });
  await spec('data', 'python3', { argv: ['python3', '-V'], display_name: 'User python', language: 'python' });
  await spec('xdg/jupyter', 'in-xdg', { argv: ['xdg'], display_name: 'Xdg', language: 'x' });
  await spec('home/.local/share/jupyter', 'at-home', { argv: ['home'], display_name: 'Home', language: 'x' });
  await spec('home/.ipython', 'old', { argv: ['old'], display_name: 'Old', language: 'x' });
  await mkdir(join(folder, 'home/.local/share/jupyter/kernels/empty'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function spec(data: string, name: string, content: unknown): Promise<void> {
  const place = join(folder, data, 'kernels', name);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'kernel.json'), typeof content === 'string' ? content : JSON.stringify(content));
}

function environment(extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const fill = (value = ''): string =>
    value
      .replaceAll('@venv', dirname(dirname(python)))
      .replaceAll('@base', dirname(dirname(basePython)))
      .replaceAll('@', folder);
  const filled = Object.entries(extra).map(([name, value]) => [name, fill(value)]);
  return { HOME: join(folder, 'home'), PATH: `${dirname(python)}:/usr/bin:/bin`, ...Object.fromEntries(filled) };
}

const environments: [string, NodeJS.ProcessEnv][] = [
  ['an empty home', {}],
  ['JUPYTER_PATH with several entries', { JUPYTER_PATH: '@/one:@/two/:/nowhere' }],
  ['JUPYTER_DATA_DIR', { JUPYTER_DATA_DIR: '@/data' }],
  ['XDG_DATA_HOME', { XDG_DATA_HOME: '@/xdg', XDG_RUNTIME_DIR: '@/runtime' }],
  ['JUPYTER_RUNTIME_DIR', { JUPYTER_RUNTIME_DIR: '@/runtime' }],
  ['JUPYTER_PREFER_ENV_PATH off', { JUPYTER_PREFER_ENV_PATH: 'No', JUPYTER_DATA_DIR: '@/data' }],
  ['JUPYTER_PREFER_ENV_PATH on', { JUPYTER_PREFER_ENV_PATH: '1', JUPYTER_DATA_DIR: '@/data' }],
  ['VIRTUAL_ENV', { VIRTUAL_ENV: '@venv', JUPYTER_DATA_DIR: '@/data', PATH: '/usr/bin:/bin' }],
  ['JUPYTER_PLATFORM_DIRS', { JUPYTER_PLATFORM_DIRS: '1' }],
  [
    'JUPYTER_PLATFORM_DIRS with XDG folders',
    { JUPYTER_PLATFORM_DIRS: 'yes', XDG_DATA_HOME: '@/xdg', XDG_DATA_DIRS: 'rel:@/one:@/two' },
  ],
  ['PYTHONUSERBASE without user site', { PYTHONUSERBASE: '@/own' }],
  ['everything at once', { JUPYTER_PATH: '@/two:@/one', JUPYTER_DATA_DIR: '@/data', IPYTHONDIR: '@/home/.ipython' }],
];

describe.each(environments)('with %s', (_, extra) => {
  test('the folders are those of `jupyter --paths --json`', async () => {
    const env = environment(extra);
    const { userData, ...ours } = await jupyterPaths({ env });
    expect(ours).toEqual(await theirPaths(python, env));
    const { stdout } = await run(python, ['-m', 'jupyter', '--data-dir'], { env });
    expect(userData).toBe(stdout.trim());
  });

  test('the kernels are those of `jupyter kernelspec list --json`', async () => {
    const env = environment(extra);
    expect(await ourSpecs(env)).toEqual(await theirSpecs(python, env));
  });
});

type Paths = Record<'data' | 'config' | 'runtime', string[]>;
type Specs = Record<string, { resource_dir: string; spec: { argv: string[] } }>;

async function theirPaths(interpreter: string, env: NodeJS.ProcessEnv): Promise<object> {
  const { stdout } = await run(interpreter, ['-m', 'jupyter', '--paths', '--json'], { env });
  const { data, config, runtime }: Paths = JSON.parse(stdout);
  return { data, config, runtime: runtime[0] };
}

async function theirSpecs(interpreter: string, env: NodeJS.ProcessEnv): Promise<Specs> {
  const { stdout } = await run(interpreter, ['-m', 'jupyter_client.kernelspecapp', 'list', '--json'], { env });
  const { kernelspecs }: { kernelspecs: Specs } = JSON.parse(stdout);
  return kernelspecs;
}

/** What `jupyter kernelspec list --json` prints, from our own findings. */
async function ourSpecs(env: NodeJS.ProcessEnv): Promise<object> {
  const found = [...(await findKernelSpecs({ env }))].map(([name, kernel]) => {
    const { argv, env: own, language, metadata, displayName, interruptMode, raw, resourceDir } = kernel;
    const said = { display_name: displayName, interrupt_mode: interruptMode, kernel_protocol_version: '' };
    if (typeof raw['kernel_protocol_version'] === 'string')
      said.kernel_protocol_version = raw['kernel_protocol_version'];
    return [name, { resource_dir: resourceDir, spec: { argv, env: own, language, metadata, ...said } }] as const;
  });
  return Object.fromEntries(found);
}

function baseEnvironment(extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return environment({ PATH: `${dirname(basePython)}:/usr/bin:/bin`, PYTHONPATH: sitePackages, ...extra });
}

describe('with a Python that is no virtual environment', () => {
  test.each<[string, NodeJS.ProcessEnv]>([
    ['the user’s folders come first', {}],
    ['the user’s Python base is one of them', { PYTHONUSERBASE: '@/own' }],
    ['but not with PYTHONNOUSERSITE', { PYTHONUSERBASE: '@/own', PYTHONNOUSERSITE: '1' }],
    ['a conda environment comes first', { CONDA_DEFAULT_ENV: 'work', CONDA_PREFIX: '@base' }],
    ['conda’s base environment does not', { CONDA_DEFAULT_ENV: 'base', CONDA_PREFIX: '@base' }],
  ])('%s', async (_, extra) => {
    const env = baseEnvironment(extra);
    expect(await jupyterPaths({ env })).toMatchObject(await theirPaths(basePython, env));
  });

  test('python3 is offered when ipykernel can be imported, without any kernel.json', async () => {
    const env = baseEnvironment({});
    const theirs = (await theirSpecs(basePython, env))['python3'];
    const ours = await findKernelSpec('python3', { env });
    expect(ours.resourceDir).toBe(theirs?.resource_dir);
    expect(ours.argv.slice(1)).toEqual(theirs?.spec.argv.slice(1));
    expect(ours.supportsCurve).toBe(true);
  });
});

test('looking for kernels runs no code that lies in the working directory', async () => {
  const evil = join(folder, 'evil');
  await mkdir(evil);
  for (const name of ['json', 'ipykernel', 'sitecustomize', 'os']) {
    await writeFile(join(evil, `${name}.py`), `open(${JSON.stringify(join(folder, 'stung'))}, 'w')`);
  }
  const look = `import { findKernelSpecs } from ${JSON.stringify(join(repository, 'dist/launch/find-kernelspecs.js'))};
console.log([...(await findKernelSpecs()).keys()].join());`;
  const env = baseEnvironment({ PYTHONPATH: `${sitePackages}:` });
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', look], { cwd: evil, env });
  expect(stdout).toContain('python3');
  await expect(readFile(join(folder, 'stung'))).rejects.toThrow('ENOENT');
});

test('an empty entry of JUPYTER_PATH is not the working directory', async () => {
  const { data } = await jupyterPaths({ env: environment({ JUPYTER_PATH: ':/a::/b:' }) });
  expect(data.slice(0, 2)).toEqual(['/a', '/b']);
  expect(data).not.toContain('');
});

test('a broken kernel.json is a warning, and the other kernels are found', async () => {
  await spec('broken', 'torn', '{"argv": [');
  await spec('broken', 'odd', { argv: 'python' });
  await spec('broken', 'modes', { argv: ['x'], interrupt_mode: 'shout' });
  await spec('broken', 'fine', { argv: ['x'], interrupt_mode: 'MESSAGE' });
  const warnings: string[] = [];
  const env = environment({ JUPYTER_PATH: '@/broken' });
  const specs = await findKernelSpecs({ env, onWarning: ({ message }) => warnings.push(message) });
  expect(specs.get('fine')?.interruptMode).toBe('message');
  expect([specs.has('torn'), specs.has('odd'), specs.has('modes')]).toEqual([false, false, false]);
  expect(warnings.toSorted()).toEqual([
    expect.stringContaining('modes/kernel.json has an interrupt_mode other than'),
    expect.stringContaining('odd/kernel.json has no list of strings as argv'),
    expect.stringContaining('torn/kernel.json is not valid JSON'),
  ]);
  await expect(findKernelSpec('torn', { env })).rejects.toMatchObject({ code: 'kernelspec-invalid' });
});

test('a kernel that is not installed is an error that says what is, and where it looked', async () => {
  const env = environment({ JUPYTER_PATH: '@/one' });
  await expect(findKernelSpec('julia', { env })).rejects.toMatchObject({
    code: 'kernelspec-missing',
    message: expect.stringMatching(/"julia"; installed are .*mixed-case.*twice/),
    hint: expect.stringContaining(join(folder, 'one', 'kernels')),
  });
  expect((await findKernelSpec('MIXED-case', { env })).displayName).toBe('One');
});

test.each<[unknown, boolean]>([
  [['curve'], true],
  [['Curve', 'tls'], true],
  ['curve', true],
  [' CURVE ', true],
  ['curve,tls', false],
  [null, false],
  [true, false],
  [{ curve: true }, false],
  [[], false],
])('supported_encryption %j counts as curve: %p', async (value, expected) => {
  await spec('curve', 'k', { argv: ['x'], metadata: { supported_encryption: value } });
  expect((await findKernelSpec('k', { env: environment({ JUPYTER_PATH: '@/curve' }) })).supportsCurve).toBe(expected);
});

test('kernel.json is kept whole', async () => {
  const { raw, resourceDir } = await findKernelSpec('twice', { env: environment({ JUPYTER_PATH: '@/one' }) });
  expect(JSON.parse(await readFile(join(resourceDir, 'kernel.json'), 'utf8'))).toEqual(raw);
});
