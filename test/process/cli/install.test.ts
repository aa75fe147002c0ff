import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SPEC_ENVIRONMENT } from '#src/support/spec-environment.js';
import { createCommandLine, mainFile, type CommandLine } from '../../support/command-line.js';
import { pythonPath } from '../../support/python.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

let line: CommandLine;
beforeEach(async () => {
  line = await createCommandLine();
});
afterEach(() => line.close());

const readSpec = (folder: string): unknown => JSON.parse(readFileSync(join(folder, 'kernel.json'), 'utf8'));
const pngSize = (file: string): string => {
  const bytes = readFileSync(file);
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`;
};

async function foreignSpec(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'kernel.json'), '{"argv": ["true"], "display_name": "Other", "language": "typescript"}');
}

describe('install', () => {
  test('writes a kernelspec with absolute paths, the capability and the logos', async () => {
    const { stdout, status } = await line.run('install', '--prefix', 'somewhere');
    const folder = join(realpathSync(line.folder), 'somewhere/share/jupyter/kernels/typescript');
    expect({ stdout, status }).toEqual({ stdout: `${folder}\n`, status: 0 });
    expect(readSpec(folder)).toEqual({
      argv: [
        process.execPath,
        // Where this Node has the flag.
        ...(process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : []),
        join(dirname(realpathSync(mainFile)), 'kernel.cjs'),
        '--connection-file',
        '{connection_file}',
      ],
      display_name: 'TypeScript (Curve)',
      language: 'typescript',
      interrupt_mode: 'message',
      env: {
        NODE_EXTRA_CA_CERTS: '',
        JUPYTER_CURVE_EXTRA_CA_CERTS: '${NODE_EXTRA_CA_CERTS}',
        MALLOC_MMAP_THRESHOLD_: '4194304',
        MALLOC_TRIM_THRESHOLD_: '4194304',
      },
      metadata: { supported_encryption: ['curve'], jupyter_curve: { secret_by_environment: true } },
    });
    expect(readSpec(folder)).toMatchObject({ env: SPEC_ENVIRONMENT });
    expect(isAbsolute(process.execPath)).toBe(true);
    expect(pngSize(join(folder, 'logo-32x32.png'))).toBe('32x32');
    expect(pngSize(join(folder, 'logo-64x64.png'))).toBe('64x64');
    expect(await readFile(join(folder, 'logo-svg.svg'), 'utf8')).toContain('<svg');
  });

  test('has the code caches of the kernel and of the evaluator written', async () => {
    const dist = join(dirname(realpathSync(mainFile)), '..');
    const bundles = ['cli/kernel-process.cjs', 'cli/relay-process.cjs', 'typescript/evaluator/evaluator-process.cjs'];
    const caches = async (): Promise<string[]> => {
      const files = await readdir(dist, { recursive: true });
      return bundles.filter((bundle) => files.some((file) => file.startsWith(`${bundle}.`) && file.endsWith('.cache')));
    };
    for (const file of await readdir(dist, { recursive: true }))
      if (file.endsWith('.cache')) await rm(join(dist, file));
    expect(await caches()).toEqual([]);
    expect(await line.run('install', '--prefix', 'somewhere')).toMatchObject({ status: 0 });
    expect(await caches()).toEqual(bundles);
  });

  test('is for the user, called typescript, when nothing else is said', async () => {
    const { stdout } = await line.run('install');
    expect(stdout).toBe(`${realpathSync(join(line.folder, 'home'))}/.local/share/jupyter/kernels/typescript\n`);
  });

  test.each([
    ['JUPYTER_DATA_DIR', { JUPYTER_DATA_DIR: '/tmp/jc-none' }, ['--user'], '/tmp/jc-none/kernels/typescript'],
    ['VIRTUAL_ENV', { VIRTUAL_ENV: '/tmp/jc-none' }, ['--sys-prefix'], '/tmp/jc-none/share/jupyter/kernels/typescript'],
    [
      'CONDA_PREFIX',
      { CONDA_PREFIX: '/tmp/jc-none' },
      ['--sys-prefix'],
      '/tmp/jc-none/share/jupyter/kernels/typescript',
    ],
  ])('looks at %s as Jupyter does', async (_name, env, args, folder) => {
    await using other = await createCommandLine(env);
    // uninstall names the folder that install would use, without making it
    expect((await other.run('uninstall', ...args)).stderr).toContain(`There is no kernel in ${folder}.\n`);
  });

  test('takes another name and another display name', async () => {
    const { stdout } = await line.run(
      'install',
      '--prefix',
      '.',
      '--name',
      'ts-private',
      '--display-name',
      'Private TS',
    );
    expect(stdout).toMatch(/\/kernels\/ts-private\n$/);
    expect(readSpec(stdout.trim())).toMatchObject({ display_name: 'Private TS' });
  });

  test('replaces an older installation of its own, and leaves no draft behind', async () => {
    await line.run('install', '--prefix', '.', '--display-name', 'Old');
    const { stdout } = await line.run('install', '--prefix', '.');
    expect(readSpec(stdout.trim())).toMatchObject({ display_name: 'TypeScript (Curve)' });
    expect(await readdir(join(line.folder, 'share/jupyter'))).toEqual(['kernels']);
    expect(await readdir(join(line.folder, 'share/jupyter/kernels'))).toEqual(['typescript']);
  });

  test("refuses to replace somebody else's kernel, unless forced", async () => {
    const folder = join(line.folder, 'share/jupyter/kernels/typescript');
    await foreignSpec(folder);
    const refused = await line.run('install', '--prefix', '.');
    expect(refused).toMatchObject({
      stdout: '',
      status: 3,
      stderr: expect.stringContaining('was not installed by jupyter-curve'),
    });
    expect(readSpec(folder)).toMatchObject({ display_name: 'Other' });
    expect(await line.run('install', '--prefix', '.', '--force')).toMatchObject({ status: 0 });
    expect(readSpec(folder)).toMatchObject({ display_name: 'TypeScript (Curve)' });
  });

  test('says which folder cannot be written', async () => {
    await writeFile(join(line.folder, 'file'), '');
    const { stderr, status } = await line.run('install', '--prefix', 'file');
    expect(stderr).toMatch(
      /^jupyter-curve: error: .*\/file\/share\/.* cannot be changed \(ENOTDIR\)\.\njupyter-curve: hint: /,
    );
    expect(status).toBe(3);
  });
});

describe('uninstall', () => {
  test('removes what install made, and nothing beside it', async () => {
    const folder = join(line.folder, 'share/jupyter/kernels');
    await foreignSpec(join(folder, 'other'));
    await line.run('install', '--prefix', '.');
    expect(await line.run('uninstall', '--prefix', '.')).toMatchObject({ status: 0 });
    expect(await readdir(folder)).toEqual(['other']);
    expect(await readdir(join(line.folder, 'share/jupyter'))).toEqual(['kernels']);
  });

  test("refuses to remove somebody else's kernel, unless forced", async () => {
    const folder = join(line.folder, 'share/jupyter/kernels/other');
    await foreignSpec(folder);
    const refused = await line.run('uninstall', '--prefix', '.', '--name', 'other');
    expect(refused).toMatchObject({ status: 3, stderr: expect.stringContaining('was not installed by jupyter-curve') });
    expect(existsSync(folder)).toBe(true);
    expect(await line.run('uninstall', '--prefix', '.', '--name', 'other', '--force')).toMatchObject({ status: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  test.each(['.', '..', '...'])('takes "%s" for no name, whatever is forced', async (name) => {
    await line.run('install', '--prefix', '.');
    const notes = join(line.folder, 'share/jupyter/notes.txt');
    await writeFile(notes, 'precious');
    const refused = await line.run('uninstall', '--prefix', '.', '--name', name, '--force');
    expect(refused).toMatchObject({ stdout: '', status: 2 });
    expect(await readFile(notes, 'utf8')).toBe('precious');
    expect(existsSync(join(line.folder, 'share/jupyter/kernels/typescript/kernel.json'))).toBe(true);
  });

  test('says that there is nothing to remove', async () => {
    const { stdout, stderr, status } = await line.run('uninstall');
    expect(stderr).toMatch(/^jupyter-curve: error: There is no kernel in .*typescript\.\njupyter-curve: hint: .*\n$/);
    expect({ stdout, status }).toEqual({ stdout: '', status: 4 });
  });
});

describe('specs', () => {
  test('lists what is installed, where, and whether it can encrypt', async () => {
    await using other = await createCommandLine({ JUPYTER_PATH: line.folder, PATH: '/nowhere' });
    await foreignSpec(join(line.folder, 'kernels/plain'));
    await other.run('install');
    const { stdout, stderr, status } = await other.run('specs');
    const home = realpathSync(join(other.folder, 'home'));
    expect(stdout.split('\n').map((row) => row.split(/ +/))).toEqual(
      expect.arrayContaining([
        ['NAME', 'CURVE', 'LANGUAGE', 'FOUND', 'IN'],
        ['plain', 'no', 'typescript', `${line.folder}/kernels/plain`],
        ['typescript', 'yes', 'typescript', `${home}/.local/share/jupyter/kernels/typescript`],
      ]),
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const json = await other.run('specs', '--json');
    expect(JSON.parse(json.stdout).kernelspecs).toMatchObject({
      plain: { curve: false, resource_dir: `${line.folder}/kernels/plain` },
      typescript: { curve: true, spec: { interrupt_mode: 'message' } },
    });
  });

  test('warns of a kernelspec that cannot be read and lists the others', async () => {
    const kernels = join(line.folder, 'home/.local/share/jupyter/kernels');
    await mkdir(join(kernels, 'broken'), { recursive: true });
    await writeFile(join(kernels, 'broken/kernel.json'), '{');
    await line.run('install');
    const { stdout, stderr, status } = await line.run('specs');
    expect(stderr).toMatch(/^jupyter-curve: warning: .*broken.*\njupyter-curve: hint: /);
    expect(stdout).toContain('typescript  yes');
    expect(status).toBe(0);
  });

  requireOrSkip('a Python with jupyter_client', existsSync(pythonPath()))(
    'Jupyter itself finds the installed kernel',
    async () => {
      await line.run('install');
      const args = ['-m', 'jupyter_client.kernelspecapp', 'list', '--json'];
      const { stdout } = await promisify(execFile)(pythonPath(), args, { env: line.env });
      expect(JSON.parse(stdout)).toMatchObject({
        kernelspecs: { typescript: { spec: { display_name: 'TypeScript (Curve)' } } },
      });
    },
  );

  test('`jupyter curve` finds the command on the PATH', async () => {
    await mkdir(join(line.folder, 'bin'));
    const link = join(line.folder, 'bin/jupyter-curve');
    await writeFile(link, `#!/bin/sh\nexec "${process.execPath}" "${mainFile}" "$@"\n`);
    await chmod(link, 0o755);
    const env = { ...line.env, PATH: `${join(line.folder, 'bin')}:${process.env['PATH']}` };
    const { stdout } = await promisify(execFile)(pythonPath(), ['-m', 'jupyter_core', 'curve', '--version'], { env });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

test('under a umask of 0, what is installed can be changed by its owner alone', async () => {
  const { stdout } = await line.shell('umask 0; jupyter_curve install');
  const folder = stdout.trim();
  const parents = ['..', '../..', '../../..'].map((up) => join(folder, up));
  const files = (await readdir(folder)).map((name) => join(folder, name));
  expect(files.length).toBeGreaterThan(3);
  for (const path of [folder, ...parents, ...files]) expect((await stat(path)).mode & 0o022).toBe(0);
});
