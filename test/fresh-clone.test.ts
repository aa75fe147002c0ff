/** What somebody meets who clones the repository and types `npm start`, with an empty home. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { repository } from './fixtures/repository.js';
import { requireOrSkip } from './fixtures/require-or-skip.js';

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
beforeAll(async () => {
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
afterAll(() => rm(folder, { recursive: true, force: true }));

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

requireOrSkip('git, or no way to the npm registry', hasGit && reachable)(
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
