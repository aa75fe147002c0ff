import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandLine, mainFile, type CommandLine } from '../../support/command-line.js';

let line: CommandLine;
let kernels: string;
beforeEach(async () => {
  line = await createCommandLine();
  kernels = join(realpathSync(line.folder), 'original/share/jupyter/kernels');
  line.env['JUPYTER_PATH'] = join(line.folder, 'original/share/jupyter');
});
afterEach(() => line.close());

const SPEC = {
  argv: ['raw', '-f', '{connection_file}', '{resource_dir}'],
  display_name: 'Raw',
  language: 'raw',
  env: { NODE_OPTIONS: '--no-such-option', LD_LIBRARY_PATH: '/none' },
  kernel_protocol_version: '5.3',
  metadata: { debugger: true },
  unknown_field: [1],
};

async function describeKernel(name: string, spec: object = SPEC): Promise<string> {
  const folder = join(kernels, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'kernel.json'), JSON.stringify(spec));
  return folder;
}

const place = (name: string): string => join(realpathSync(line.folder), 'home/.local/share/jupyter/kernels', name);
const read = async (folder: string) => JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'));

describe('wrap', () => {
  test('writes a kernelspec that runs the original behind the relay', async () => {
    const original = await describeKernel('raw');
    for (const file of ['logo-64x64.png', 'kernel.js', 'secret.txt']) await writeFile(join(original, file), file);
    expect(await line.run('wrap', 'raw')).toMatchObject({ stdout: `${place('raw-encrypted')}\n`, status: 0 });
    const { env, ...others } = SPEC;
    expect(Object.keys(env)).toHaveLength(2);
    const spec = await read(place('raw-encrypted'));
    expect(spec).toEqual({
      ...others,
      argv: [
        process.execPath,
        ...(process.allowedNodeEnvironmentFlags.has('--disable-sigusr1') ? ['--disable-sigusr1'] : []),
        join(dirname(realpathSync(mainFile)), 'start-program.cjs'),
        'relay',
        '--connection-file',
        '{connection_file}',
        '--prefix',
        '{prefix}',
        '--spec',
        original,
        '--',
      ],
      display_name: 'Raw (encrypted)',
      interrupt_mode: 'message',
      env: {
        NODE_EXTRA_CA_CERTS: '',
        JUPYTER_CURVE_EXTRA_CA_CERTS: '${NODE_EXTRA_CA_CERTS}',
        MALLOC_MMAP_THRESHOLD_: '4194304',
        MALLOC_TRIM_THRESHOLD_: '4194304',
      },
      metadata: {
        debugger: true,
        supported_encryption: ['curve'],
        jupyter_curve: {
          secret_by_environment: true,
          relays: { spec: original, name: 'raw', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
      },
    });
    expect((await readdir(place('raw-encrypted'))).toSorted()).toEqual(['kernel.js', 'kernel.json', 'logo-64x64.png']);
    expect((await stat(join(place('raw-encrypted'), 'kernel.json'))).mode & 0o777).toBe(0o644);
  });

  test('passes access options, with absolute paths, and the kind of the sockets behind', async () => {
    await describeKernel('raw');
    await line.run('wrap', 'raw', '--policy', 'policy.yaml', '--reauth', '5s', '--inner', 'tcp', '--as', 'open');
    const { argv } = await read(place('open'));
    const folder = realpathSync(line.folder);
    expect(argv.slice(-4)).toEqual(['--inner=tcp', `--policy=${join(folder, 'policy.yaml')}`, '--reauth=5s', '--']);
  });

  test('warns of sockets that are not private', async () => {
    await describeKernel('raw');
    const { stderr } = await line.run('wrap', 'raw', '--inner', 'tcp');
    expect(stderr).toContain('every user of this machine can read its output');
  });

  test('takes the place of the original where its folder comes first, and says so where it does not', async () => {
    const original = await describeKernel('raw');
    line.env['JUPYTER_PREFER_ENV_PATH'] = '0';
    const first = await line.run('wrap', 'raw', '--as', 'raw');
    expect(first.stderr).toContain('Another kernel called "raw" comes first');
    delete line.env['JUPYTER_PATH'];
    line.env['JUPYTER_PATH'] = join(line.folder, 'home/.local/share/jupyter');
    const { stdout } = await line.run('specs', '--json');
    const { kernelspecs } = JSON.parse(stdout);
    expect(kernelspecs.raw).toMatchObject({ curve: true, spec: { display_name: 'Raw' } });
    // What is behind it is wrapped again, not the relay.
    await line.run('wrap', 'raw', '--as', 'again');
    expect((await read(place('again'))).metadata.jupyter_curve.relays.spec).toBe(original);
  });

  test.each([
    ['one that can encrypt', { ...SPEC, metadata: { supported_encryption: ['curve'] } }, 'can encrypt itself'],
    [
      'one of another provisioner',
      { ...SPEC, metadata: { kernel_provisioner: { provisioner_name: 'slurm' } } },
      'is started by the provisioner "slurm"',
    ],
  ])('refuses %s', async (_which, spec, problem) => {
    await describeKernel('raw', spec);
    const { stderr, status } = await line.run('wrap', 'raw');
    expect({ status, says: stderr.includes(problem) }).toEqual({ status: 2, says: true });
  });

  test('wraps one that can encrypt by force', async () => {
    await describeKernel('raw', { ...SPEC, metadata: { supported_encryption: ['curve'] } });
    expect(await line.run('wrap', 'raw', '--force')).toMatchObject({ status: 0 });
  });

  test('does not replace the original itself, nor what something else installed', async () => {
    const original = await describeKernel('raw');
    await describeKernel('other');
    const prefix = join(line.folder, 'original');
    const itself = await line.run('wrap', 'raw', '--as', 'raw', '--prefix', prefix, '--force');
    expect(itself).toMatchObject({ status: 2 });
    const foreign = await line.run('wrap', 'raw', '--as', 'other', '--prefix', prefix);
    expect(foreign).toMatchObject({ status: 3 });
    expect(await read(original)).toEqual(SPEC);
  });

  test('is taken back by uninstall', async () => {
    await describeKernel('raw');
    await line.run('wrap', 'raw');
    expect(await line.run('uninstall', '--name', 'raw-encrypted')).toMatchObject({ status: 0 });
    expect(await readdir(join(place('x'), '..'))).toEqual([]);
  });
});

describe('relay', () => {
  test('says what to do when the original is gone', async () => {
    const original = await describeKernel('raw');
    await line.run('wrap', 'raw');
    await rm(original, { recursive: true });
    const { argv } = await read(place('raw-encrypted'));
    const [, ...args] = argv.slice(argv.indexOf('relay')).with(2, 'none.json');
    const { stderr, status } = await line.run('relay', ...args);
    expect(status).toBe(4);
    expect(stderr).toContain('The kernel that was wrapped is gone');
  });

  test.each([['--no-such-option'], ['--inner', 'udp'], ['value']])('refuses %s before --', async (...args) => {
    const original = await describeKernel('raw');
    const { status } = await line.run('relay', '--connection-file', 'none', '--spec', original, ...args, '--', '--any');
    expect(status).toBe(2);
  });
});
