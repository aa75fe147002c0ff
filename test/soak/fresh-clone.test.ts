/** What a fresh clone does in an empty home: `npm start`, and the installation of the command. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect } from '@jest/globals';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';

const run = promisify(execFile);
const succeeds = (command: string, ...args: string[]): Promise<boolean> =>
  run(command, args).then(
    () => true,
    () => false,
  );
const hasGit = await succeeds('git', '--version');
const reachable = await succeeds('npm', 'ping', '--fetch-retries=0', '--fetch-timeout=10000');

let folder: string;
let clone: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-clone-'));
  clone = join(folder, 'clone');
  await mkdir(join(folder, 'home'));
  // Of npm's own variables only those that say where packages come from: the others are those of the npm that runs this test.
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^(JUPYTER|JPY_|NODE_|XDG_|INIT_CWD|npm_(?!config_(registry|cache|userconfig|globalconfig)$))/.test(name),
  );
  env = { ...Object.fromEntries(inherited), HOME: join(folder, 'home') };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The files that git knows, as they are now, in a repository of their own. Of an unpacked archive, all but what is made. */
async function cloneRepository(): Promise<void> {
  const known = existsSync(join(repository, '.git')) ? await git(repository, 'ls-files', '-z') : undefined;
  const made = ['node_modules', 'dist', '.cache', 'artifacts'];
  const names = known?.stdout.split('\0') ?? (await readdir(repository)).filter((name) => !made.includes(name));
  for (const name of names.filter((one) => one !== '' && existsSync(join(repository, one)))) {
    await cp(join(repository, name), join(clone, name), { recursive: true });
  }
  await git(clone, 'init', '--quiet');
  await git(clone, 'add', '--all');
}

const git = (cwd: string, ...args: string[]): Promise<{ stdout: string }> =>
  run('git', args, { cwd, env, maxBuffer: 2 ** 24 });

/** What was made and what was changed since, by git's reckoning. */
const changes = async (): Promise<string> =>
  (await git(clone, 'ls-files', '--others', '--modified', '--exclude-standard')).stdout;

const withRegistry = requireOrSkip('git, or no way to the npm registry', hasGit && reachable);

withRegistry(
  'npm start in a fresh clone runs the tour encrypted, and leaves nothing in the home and nothing for git',
  async () => {
    await cloneRepository();
    expect(await changes()).toBe('');
    const { stdout } = await run('npm', ['start'], { cwd: clone, env, maxBuffer: 2 ** 24 });
    expect(stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);

    const executed: { readonly cells: readonly { readonly execution_count?: number | null }[] } = JSON.parse(
      await readFile(join(clone, 'artifacts/tour.ipynb'), 'utf8'),
    );
    expect(executed.cells.filter((cell) => typeof cell.execution_count === 'number').length).toBeGreaterThan(5);
    expect(await changes()).toBe('');
    // Packages are cached there by those who install them.
    expect((await readdir(join(folder, 'home'))).filter((name) => !['.npm', '.cache'].includes(name))).toEqual([]);

    // A notebook of one's own, named from where one is, after the options.
    await mkdir(join(clone, 'artifacts/mine'));
    await copyFile(join(clone, 'examples/tour.ipynb'), join(clone, 'artifacts/mine/own.ipynb'));
    await run('npm', ['start', '--', '-k', 'typescript', 'own.ipynb', '--output', 'done.ipynb'], {
      cwd: join(clone, 'artifacts/mine'),
      env,
      maxBuffer: 2 ** 24,
    });
    expect((await readdir(join(clone, 'artifacts/mine'))).toSorted()).toEqual(['done.ipynb', 'own.ipynb']);
  },
  300_000,
);

withRegistry.each([{ options: '' }, { options: '--omit=dev' }])(
  'npm install --global . in a fresh clone builds what it installs, with the options "$options"',
  async ({ options }) => {
    await cloneRepository();
    const prefix = join(folder, 'npm');
    await mkdir(join(prefix, 'lib'), { recursive: true });
    const bin = join(prefix, 'bin');
    const place = { ...env, npm_config_prefix: prefix, PATH: `${bin}${delimiter}${env['PATH'] ?? ''}` };
    // As README.md says it.
    const [script = ''] =
      /npm install --global .*?(?=```)/s.exec(await readFile(join(clone, 'README.md'), 'utf8')) ?? [];
    const lines = script.trim().split('\n');
    expect(lines.length).toBe(3);
    const said = [`${lines[0]?.replace(/ *#.*/, '')} ${options}`, ...lines.slice(1)].join('\n');
    const { stdout } = await run('sh', ['-ec', said], { cwd: clone, env: place, maxBuffer: 2 ** 24 });
    expect(stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);
    expect(await changes()).toBe('');
  },
  300_000,
);

withRegistry(
  'npm install --global . that cannot build fails, and says why',
  async () => {
    await cloneRepository();
    await writeFile(join(clone, 'src', 'index.ts'), 'export const broken: number = "text";\n');
    const prefix = join(folder, 'npm');
    await mkdir(join(prefix, 'lib'), { recursive: true });
    const installing = run('npm', ['install', '--global', '.'], {
      cwd: clone,
      env: { ...env, npm_config_prefix: prefix },
      maxBuffer: 2 ** 24,
    });
    await expect(installing).rejects.toMatchObject({ stderr: expect.stringContaining('src/ does not compile') });
  },
  300_000,
);
