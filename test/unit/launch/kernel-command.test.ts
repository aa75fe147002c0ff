import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Secret } from '#src/keys/secret.js';
import { expandArgv } from '#src/launch/expand-argv.js';
import { kernelEnvironment } from '#src/launch/kernel-environment.js';
import { checkKernelSpec, type KernelSpec } from '#src/launch/kernelspec.js';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jc-')));
  for (const [place, names] of Object.entries({
    prefix: ['python', 'python3', 'python3.11'],
    venv: ['python', 'python3'],
    conda: ['python', 'python3', 'python3.9'],
    path: ['python', 'python3', 'python3.7'],
  })) {
    await mkdir(join(folder, place, 'bin'), { recursive: true });
    for (const name of names) {
      await writeFile(join(folder, place, 'bin', name), '#!/bin/sh\n');
      await chmod(join(folder, place, 'bin', name), 0o755);
    }
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function spec(argv: readonly string[], more: Record<string, string | object> = {}, place = 'prefix'): KernelSpec {
  const resourceDir = join(folder, place, 'share', 'jupyter', 'kernels', 'k');
  const raw: KernelSpec['raw'] = JSON.parse(JSON.stringify({ argv, ...more }));
  return checkKernelSpec('k', resourceDir, raw, 'here');
}

function environment(): NodeJS.ProcessEnv {
  const [venv, conda, path] = ['venv', 'conda', 'path'].map((name) => join(folder, name));
  return { VIRTUAL_ENV: venv, CONDA_PREFIX: conda, PATH: `/nowhere:${path}/bin`, HOME: '/home/me' };
}

test('templates are filled in everywhere, once, and unknown ones stay', async () => {
  const argv = ['run', '--file={connection_file}', '{resource_dir}/x', '{prefix}', '{else}', '{}', '~/y', 'a~/b'];
  const command = await expandArgv(spec(argv), '/run/{prefix}$&.json', environment());
  const resourceDir = join(folder, 'prefix/share/jupyter/kernels/k');
  const filled = ['--file=/run/{prefix}$&.json', `${resourceDir}/x`, join(folder, 'prefix')];
  expect(command).toEqual(['run', ...filled, '{else}', '{}', '/home/me/y', 'a~/b']);
});

test('what every object has by its nature is no template', async () => {
  const argv = ['run', '{constructor}', '{toString}', '{__proto__}'];
  expect(await expandArgv(spec(argv), 'f', environment())).toEqual(argv);
  const env = { A: '${constructor}', B: '$toString' };
  expect(kernelEnvironment(spec(['x'], { env }), {})).toEqual(env);
});

test('a secret key that was meant for this process is passed on under no name', () => {
  const env = { COPY: '${JUPYTER_CURVE_SECRETKEY}', OTHER: 'x$JUPYTER_CURVE_SECRETKEY' };
  const base = { JUPYTER_CURVE_SECRETKEY: 'the secret', HOME: '/h' };
  expect(JSON.stringify(kernelEnvironment(spec(['x'], { env }), base))).not.toContain('the secret');
});

/** What is added to the command where the history of IPython is not wanted. */
const asked = async (...argv: string[]): Promise<readonly string[]> => {
  const command = await expandArgv(spec(argv), 'f', environment(), { ipythonHistory: false });
  return command.slice(argv.length);
};

describe('without the history of IPython', () => {
  test.each([
    ['python', '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
    ['python3', '-m', 'ipykernel', '-f', '{connection_file}'],
    ['/usr/bin/python3', '-Xfrozen_modules=off', '-m', 'ipykernel.kernelapp', '-f', '{connection_file}'],
    ['conda', 'run', '-n', 'x', 'python', '/opt/ipykernel_launcher.py', '-f', '{connection_file}'],
  ])('an ipykernel keeps it in memory: %s %s %s', async (...argv) => {
    expect(await asked(...argv)).toEqual(['--HistoryManager.hist_file=:memory:']);
    expect(await expandArgv(spec(argv), 'f', environment())).toHaveLength(argv.length);
  });

  test.each([
    ['xpython', '-f', '{connection_file}'],
    ['python', '-m', 'bash_kernel', '-f', '{connection_file}'],
    ['R', '--slave', '-e', 'IRkernel::main()', '--args', '{connection_file}'],
    ['sh', '-c', 'python -m ipykernel_launcher -f {connection_file}'],
    ['python', '-m', 'ipykernel_launcher', '--HistoryManager.hist_file=/x'],
  ])('another kernel, and one with a file of its own, is started as it says: %s %s %s', async (...argv) => {
    expect(await asked(...argv)).toEqual([]);
  });
});

/** The program that is started for `name`, without our temporary folder. */
async function resolve(name: string, env: NodeJS.ProcessEnv, place?: string): Promise<string> {
  const [program = ''] = await expandArgv(spec([name, '-m', 'python'], {}, place), 'f', env);
  return program.startsWith(folder) ? program.slice(folder.length + 1) : program;
}

describe('python as the program', () => {
  test('is that of the place where the kernelspec is installed', async () => {
    expect(await resolve('python', environment())).toBe('prefix/bin/python');
    expect(await resolve('python3', environment())).toBe('prefix/bin/python3');
    expect(await resolve('python3.11', environment())).toBe('prefix/bin/python3.11');
  });

  test('else that of VIRTUAL_ENV, of CONDA_PREFIX, and the first on the PATH', async () => {
    const env = environment();
    expect(await resolve('python', env, 'home')).toBe('venv/bin/python');
    expect(await resolve('python', { ...env, VIRTUAL_ENV: '' }, 'home')).toBe('conda/bin/python');
    expect(await resolve('python', { PATH: env['PATH'] }, 'home')).toBe('path/bin/python');
  });

  test('with a version is no other version', async () => {
    expect(await resolve('python3.9', environment())).toBe('conda/bin/python3.9');
    expect(await resolve('python3.7', environment())).toBe('path/bin/python3.7');
    expect(await resolve('python3.2', environment())).toBe('python3.2');
  });

  test('is left alone under any other name', async () => {
    expect(await resolve('/usr/bin/python', environment())).toBe('/usr/bin/python');
    expect(await resolve('python2', environment())).toBe('python2');
    expect(await resolve('pythonw', environment())).toBe('pythonw');
  });
});

test('a kernelspec without a command, or for another provisioner, cannot be started', async () => {
  await expect(expandArgv(spec([]), 'f', {})).rejects.toMatchObject({ code: 'kernelspec-invalid' });
  const remote = spec(['x'], { metadata: { kernel_provisioner: { provisioner_name: 'yarn' } } });
  await expect(expandArgv(remote, 'f', {})).rejects.toMatchObject({
    code: 'kernelspec-invalid',
    message: expect.stringContaining('"yarn"'),
  });
  const local = spec(['x'], { metadata: { kernel_provisioner: { provisioner_name: 'local-provisioner' } } });
  expect(await expandArgv(local, 'f', {})).toEqual(['x']);
  expect(dirname(local.resourceDir)).toContain(folder);
});

describe('the environment', () => {
  test('has the kernelspec’s variables, filled in as string.Template fills them in', () => {
    const env = { A: '${B} $B ${NONE} $NONE $$B 5$', B: 'own', PATH: '/mine:${PATH}', C: '$HOME_x ${HOME}x' };
    const filled = kernelEnvironment(spec(['x'], { env }), { HOME: '/h', PATH: '/bin', B: 'base', KEPT: '1' });
    expect(filled).toEqual({
      HOME: '/h',
      KEPT: '1',
      A: 'base base ${NONE} $NONE $B 5$',
      B: 'own',
      PATH: '/mine:/bin',
      C: '$HOME_x /hx',
    });
  });

  test('has a secret only when it is for this kernel', () => {
    const base = { JUPYTER_CURVE_SECRETKEY: 'another', PYTHONEXECUTABLE: '/p' };
    expect(kernelEnvironment(spec(['x'], { language: 'Python' }), base)).toEqual({});
    expect(kernelEnvironment(spec(['x']), base)).toEqual({ PYTHONEXECUTABLE: '/p' });
    const secret = Secret.fromBytes(new Uint8Array(32));
    const { JUPYTER_CURVE_SECRETKEY: given } = kernelEnvironment(spec(['x']), base, secret);
    expect(given).toBe('0'.repeat(40));
  });
});
