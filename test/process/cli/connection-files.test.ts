/** Connection files as other programs write them: `kernel` serves what jupyter_client and ipykernel serve, and no more. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { attach } from '#src/manager/services/attach.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import { eventually } from '../../support/eventually.js';
import { createCommandLine, type CommandLine } from '../../support/command-line.js';
import { freePorts } from '../../support/free-ports.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

const run = promisify(execFile);
const withPython = requireOrSkip('a Python with the Jupyter stack', existsSync(pythonPath()));

const withIPv6 = requireOrSkip(
  'IPv6',
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1')),
);

let line: CommandLine;
let home: string;
const others: ChildProcess[] = [];
beforeEach(async () => {
  line = await createCommandLine();
  home = join(line.folder, 'home');
  await chmod(line.folder, 0o755);
});
afterEach(async () => {
  for (const child of others.splice(0)) child.kill('SIGKILL');
  await line.close();
});

/** Writes a connection file as a front end would, with that mode, in a folder of that mode. */
async function writeFileOfAnother(fields: object, mode = 0o600, folderMode = 0o700): Promise<string> {
  const [shell, iopub, stdin, control, heartbeat] = await freePorts();
  const folder = join(home, 'runtime');
  await mkdir(folder, { recursive: true });
  await chmod(folder, folderMode);
  const file = join(folder, 'kernel-1.json');
  const ports = { shell_port: shell, iopub_port: iopub, stdin_port: stdin, control_port: control, hb_port: heartbeat };
  const rest = { ip: '127.0.0.1', key: 'a1b2-c3', transport: 'tcp', signature_scheme: 'hmac-sha256' };
  await writeFile(file, JSON.stringify({ ...ports, ...rest, kernel_name: 'typescript', ...fields }));
  await chmod(file, mode);
  return file;
}

async function curveFields(): Promise<object> {
  const { publicKey, secretKey } = await generateCurvePair();
  return { curve_publickey: publicKey, curve_secretkey: exposeZ85(secretKey) };
}

const askAsPython = async (file: string, ...args: string[]): Promise<string> =>
  (await run(pythonPath(), [join(repository, 'test/support/programs/stock_client.py'), file, ...args])).stdout;

async function askAsOurs(file: string, code: string): Promise<string> {
  using quiet = quietServices(console);
  expect(quiet).toBeDefined();
  const attached = await attach(file);
  const texts: string[] = [];
  const future = attached.connection.requestExecute({ code });
  future.onIOPub = ({ content }) => void ('text' in content && texts.push(String(content.text)));
  await future.done;
  await attached.close();
  return texts.join('');
}

/** For this process, which was not given that word. */
async function ownCopy(file: string): Promise<string> {
  const copy = `${file}.own`;
  await run('cp', [file, copy]);
  await chmod(copy, 0o600);
  return copy;
}

/** jupyter_client takes no empty scheme. */
async function writeFileOfStock(file: string): Promise<string> {
  const { signatureScheme } = await readConnectionFile(file);
  const stock = `${file}.stock`;
  await run('sed', [
    '-e',
    `s/"signature_scheme":""/"signature_scheme":"${signatureScheme}"/`,
    '-e',
    `w ${stock}`,
    file,
  ]);
  return stock;
}

describe('a file that others could read by its mode', () => {
  withPython('is served from a folder that they cannot enter, as spawnteract and VS Code write it', async () => {
    const file = await writeFileOfAnother(await curveFields(), 0o644, 0o700);
    const kernel = line.start('kernel', '--connection-file', file);
    expect(await askAsPython(file)).toBe('42\n');
    kernel.child.kill('SIGTERM');
    expect(await kernel.ended).toMatchObject({ stdout: '', stderr: '' });
  });

  test('is refused in one that they can, unless the user says that modes mean nothing', async () => {
    const file = await writeFileOfAnother(await curveFields(), 0o644, 0o755);
    const refused = await line.run('kernel', '--connection-file', file);
    expect(refused).toMatchObject({ stdout: '', status: 3 });
    expect(refused.stderr).toMatch(
      /error: .* other users can read \(mode 0644\).*\n.*hint: .*chmod 600.*INSECURE_WRITES=1/,
    );

    line.env['JUPYTER_ALLOW_INSECURE_WRITES'] = 'true';
    const kernel = line.start('kernel', '--connection-file', file);
    await kernel.wrote('JUPYTER_ALLOW_INSECURE_WRITES is set');
    expect(await askAsOurs(await ownCopy(file), 'console.log(6 * 7)')).toBe('42\n');
  });
});

describe('an empty key disables signatures', () => {
  withPython.each(['with Curve keys, which encrypt and sign', 'without, and a warning says what that costs'])(
    '%s',
    async (how) => {
      const curve = how.startsWith('without') ? {} : await curveFields();
      const file = await writeFileOfAnother({ key: '', signature_scheme: '', ...curve });
      const stock = await writeFileOfStock(file);
      const kernel = line.start('kernel', '--connection-file', file);
      expect(await askAsPython(stock)).toBe('42\n');
      // Twice the same, which has the same empty signature.
      for (const code of ['console.log(1)', 'console.log(1)']) expect(await askAsOurs(file, code)).toBe('1\n');
      expect(await line.run('shutdown', file)).toMatchObject({ status: 0 });
      const { stderr } = await kernel.ended;
      if ('curve_publickey' in curve) expect(stderr).toBe('');
      else {
        expect(stderr).toMatch(
          /^jupyter-curve: warning: The connection file has no Curve keys: .* can run code: messages are not signed\.\n/,
        );
      }
    },
  );

  withPython('in another kernel, too: ours is a client of it', async () => {
    const file = await writeFileOfAnother({ key: '', kernel_name: 'python3' });
    const kernel = spawn(pythonPath(), ['-m', 'ipykernel_launcher', '-f', file], { env: line.env, stdio: 'ignore' });
    others.push(kernel);
    await askAsPython(file);
    expect(await askAsOurs(file, 'print(1)')).toBe('1\n');
  });

  test('but a missing one does not', async () => {
    const file = await writeFileOfAnother({ key: undefined });
    const { stderr, status } = await line.run('kernel', '--connection-file', file);
    expect(stderr).toMatch(
      /error: .*: key is missing\.\njupyter-curve: hint: .*an empty key \(""\) disables signatures/,
    );
    expect(status).toBe(3);
  });
});

describe('arguments', () => {
  withPython('that front ends append are noted without their values, and the kernel serves', async () => {
    const file = await writeFileOfAnother(await curveFields());
    const appended = ['--HistoryManager.hist_file=:memory:', '/home/me/secret plans.ts', '--log-level', 'INFO', '-x'];
    const kernel = line.start('kernel', '-f', file, ...appended);
    expect(await askAsPython(file)).toBe('42\n');
    kernel.child.kill('SIGTERM');
    expect((await kernel.ended).stderr).toBe(
      'jupyter-curve: ignored arguments that this kernel does not know: --HistoryManager.hist_file, a value, --log-level, -x\n',
    );
  });

  test.each([
    ['--require-encryptoin', '--require-encryption'],
    ['--requireEncryption', '--require-encryption'],
    ['--polcy=policy.yaml', '--policy'],
    ['--authorised-clients=file', '--authorized-clients'],
  ])('%s is a mistyping, and no limit is left aside: did you mean %s?', async (typed, meant) => {
    const file = await writeFileOfAnother({});
    const { stderr, status } = await line.run('kernel', '--connection-file', file, typed);
    expect(stderr).toContain(`error: There is no option ${typed.split('=')[0]}; did you mean "${meant}"?\n`);
    expect(status).toBe(2);
  });

  test.each([
    [['--policy'], "'--policy <value>' argument missing"],
    [['--policy', '--audit=x'], 'argument is ambiguous'],
    [['--require-encryption=yes'], 'does not take an argument'],
    [['--connection-file', ''], 'The value is empty: connection-file'],
  ])('%j of our own are as strict as ever', async (args, problem) => {
    const { stderr, status } = await line.run('kernel', ...args);
    expect(stderr).toContain(problem);
    expect(status).toBe(2);
  });

  withPython('of `jupyter run` are a file, which it runs itself', async () => {
    const prefix = join(line.folder, 'prefix');
    await line.run('install', '--prefix', prefix);
    const program = join(line.folder, 'r.ts');
    await writeFile(program, 'console.log(6 * 7)');
    const env = { ...line.env, JUPYTER_PATH: join(prefix, 'share/jupyter') };
    const args = ['-m', 'jupyter_client.runapp', '--kernel', 'typescript', program];
    expect((await run(pythonPath(), args, { env })).stdout).toContain('42');
  });
});

describe('start --ip', () => {
  withPython.each([
    ['*', '0.0.0.0'],
    ['0.0.0.0', '0.0.0.0'],
  ])(
    '%s listens at every address of this machine, and the file says what clients can connect to: %s',
    async (ip, said) => {
      await line.run('install');
      const file = join(home, 'kernel.json');
      const running = line.start('start', '--connection-file', file, '--ip', ip);
      await running.wrote(`${file}\n`);
      expect((await readConnectionFile(file)).ip).toBe(said);
      expect(await askAsPython(file)).toBe('42\n');
      // Another address of this machine, where the default would not listen.
      expect(await askAsPython(file, '127.0.0.2')).toBe('42\n');
      expect(await askAsOurs(file, 'console.log(6 * 7)')).toBe('42\n');
      expect(await line.run('shutdown', file)).toMatchObject({ status: 0 });
      expect((await running.ended).status).toBe(0);
    },
  );

  withIPv6(':: listens at IPv6 addresses, too', async () => {
    await line.run('install');
    const file = join(home, 'kernel.json');
    const running = line.start('start', '--connection-file', file, '--ip', '::');
    await running.wrote(`${file}\n`);
    expect(await askAsOurs(file, 'console.log(6 * 7)')).toBe('42\n');
    expect(await line.run('shutdown', file)).toMatchObject({ status: 0 });
    expect((await running.ended).status).toBe(0);
  });

  test('of a file that says * is dialled at this machine', async () => {
    const file = await writeFileOfAnother({ ip: '*', ...(await curveFields()) });
    const kernel = line.start('kernel', '--connection-file', file);
    await eventually(() => askAsOurs(file, 'console.log(6 * 7)').catch(() => undefined));
    expect(await line.run('shutdown', file)).toMatchObject({ status: 0 });
    await kernel.ended;
  });
});
