/** The package as an application installs it, from its tarball and without install scripts: every range of package.json at both of its ends. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

const run = promisify(execFile);
const { dependencies }: { dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(repository, 'package.json'), 'utf8'),
);
/** The first version that a range names is its lowest. */
const lowest = Object.entries(dependencies).map(([name, range]) => [name, /\d+\.\d+\.\d+/.exec(range)?.[0] ?? '']);

/** The oldest Node that package.json allows, and the tools that read a package as others do; they are fetched once. */
const OLDEST_NODE = `node-${process.platform}-${process.arch}@20.19.0`;
const TOOLS = ['publint@0.3.25', '@arethetypeswrong/cli@0.18.5'];

const OPTIONS = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
const reachable = await run('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=10000']).then(
  () => true,
  () => false,
);
const withRegistry = requireOrSkip('a way to the npm registry', reachable);

let folder: string;
let tarball: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-install-'));
  // Of npm's own variables only those that say where packages come from: the others are those of the npm that runs this test.
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(JUPYTER|JPY_|NODE_|XDG_|INIT_CWD|npm_(?!config_(registry|cache|userconfig|globalconfig)$))/.test(name),
  );
  await mkdir(join(folder, 'home'));
  env = { ...Object.fromEntries(inherited), HOME: join(folder, 'home') };
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: repository, maxBuffer: 2 ** 24 });
  const [packed]: { filename: string }[] = JSON.parse(stdout);
  tarball = join(folder, packed?.filename ?? '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An application that has installed the package, and these packages beside it. */
async function application(name: string, beside: readonly string[]): Promise<string> {
  const place = join(folder, name);
  await mkdir(place, { mode: 0o700 });
  await writeFile(join(place, 'package.json'), '{"private":true}');
  await run('npm', ['install', ...OPTIONS, tarball, ...beside], { cwd: place, env, maxBuffer: 2 ** 24 });
  return place;
}

/** Where these packages are, in the project's cache. */
async function fetched(name: string, packages: readonly string[]): Promise<string> {
  const place = join(repository, '.cache', name);
  const modules = join(place, 'node_modules');
  const paths = packages.map((one) => join(modules, one.replace(/@[^@]+$/, ''), 'package.json'));
  if (!paths.every((path) => existsSync(path))) {
    await mkdir(place, { recursive: true });
    await run('npm', ['install', ...OPTIONS, '--no-save', '--prefix', place, ...packages], { env });
  }
  return modules;
}

const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'typescript', display_name: 'TypeScript', language: 'typescript' } },
  cells: [
    // Types, decorators, an import of a file, and an error whose line is that of the cell: each needs another dependency.
    'const rows = 1;',
    'const shout = (value: string): string => value.toUpperCase();\nshout("typed");',
    'function named(_: unknown, context: ClassDecoratorContext) { console.log("decorated", context.name); }\n@named class Point {}',
    'import { twice } from "./twice";\ntwice(rows);',
    'type Nothing = never;\n\nthrow new RangeError("on line three");',
  ].map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: { tags: [...(index === 0 ? ['parameters'] : []), ...(index === 4 ? ['raises-exception'] : [])] },
    execution_count: null,
    outputs: [],
    source,
  })),
};

withRegistry.each([
  { end: 'newest', beside: [] },
  { end: 'lowest', beside: lowest.map(([name, version]) => `${name}@${version}`) },
])(
  'with the $end dependencies of every range, the command and a kernel work',
  async ({ end, beside }) => {
    const place = await application(end, beside);
    for (const [name = '', version] of beside.length === 0 ? [] : lowest) {
      const manifest = JSON.parse(await readFile(join(place, 'node_modules', name, 'package.json'), 'utf8'));
      expect({ name, version: manifest.version }).toEqual({ name, version });
    }
    // It uses those, and has no others of its own.
    expect(existsSync(join(place, 'node_modules/jupyter-curve/node_modules'))).toBe(false);

    const command = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
      run(join(place, 'node_modules/.bin/jupyter-curve'), args, { cwd: place, env });
    expect((await command('--help')).stdout).toContain('jupyter-curve run');
    await command('install');
    await writeFile(join(place, 'twice.ts'), 'export const twice = (n: number): number => 2 * n;\n');
    await writeFile(join(place, 'work.ipynb'), JSON.stringify(NOTEBOOK));
    const { stdout, stderr } = await command(
      'run',
      'work.ipynb',
      '--show-security',
      '--transport-encryption=required',
      '-p',
      'rows',
      '21',
    );
    expect(stdout).toMatch(/^'TYPED'$/m);
    expect(stdout).toMatch(/^decorated Point$/m);
    expect(stdout).toMatch(/^42$/m);
    expect(stderr).toMatch(/RangeError: on line three\nCell \[\d+\], line 3:7/);
    expect(stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);

    // Keys and policies.
    expect((await command('keygen')).stdout).toMatch(/^public: \S{40}\nsecret: \S{40}\n$/);
    await writeFile(join(place, 'policy.yaml'), 'anonymous: observer\n', { mode: 0o600 });
    expect((await command('policy', 'check', 'policy.yaml')).stdout).toContain('policy.yaml');
  },
  300_000,
);

withRegistry(
  'CommonJS programs require it, on the oldest Node too',
  async () => {
    const place = await application('commonjs', []);
    const modules = await fetched('node20.19', [OLDEST_NODE]);
    const oldest = join(modules, OLDEST_NODE.replace(/@.*/, ''), 'bin/node');
    await writeFile(join(place, 'main.cjs'), "console.log(typeof require('jupyter-curve').attach);");
    for (const node of [process.execPath, oldest]) {
      const { stdout, stderr } = await run(node, ['main.cjs'], { cwd: place, env });
      expect({ stdout, stderr }).toEqual({ stdout: 'function\n', stderr: '' });
    }
    expect((await run(oldest, ['--version'])).stdout).toBe('v20.19.0\n');
  },
  300_000,
);

withRegistry(
  'publint and attw find nothing wrong',
  async () => {
    const modules = await fetched('package-tools', TOOLS);
    const tool = (name: string, ...args: string[]): Promise<{ stdout: string }> =>
      run(join(modules, '.bin', name), [tarball, ...args], { cwd: dirname(tarball), env });
    expect((await tool('publint', '--strict')).stdout).toContain('All good!');
    // Of ES modules alone: CommonJS programs load them by require, which the test above shows.
    expect((await tool('attw', '--profile', 'esm-only')).stdout).toContain('"jupyter-curve"');
  },
  300_000,
);
