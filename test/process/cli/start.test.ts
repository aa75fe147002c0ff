import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { attach } from '#src/manager/services/attach.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import { createCommandLine, type CommandLine } from '../../support/command-line.js';
import { childrenOf } from '../../support/children-of.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

let line: CommandLine;
beforeEach(async () => {
  line = await createCommandLine();
  await line.run('install');
});
afterEach(() => line.close());

test('start prints a private connection file, clients attach to it, and shutdown ends the kernel', async () => {
  const file = join(line.folder, 'home/kernel.json');
  const running = line.start('start', '--connection-file', file, '--transport-encryption', 'required');
  await running.wrote(`${file}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  using quiet = quietServices(console);
  expect(quiet).toBeDefined();
  const attached = await attach(file);
  const reply = await attached.connection.requestExecute({ code: '1' }).done;
  expect(reply.content.status).toBe('ok');
  expect(attached.security()?.shell.mechanism).toBe('curve');
  await attached.close();

  expect(await line.run('shutdown', file)).toMatchObject({ stdout: '', status: 0 });
  expect(await running.ended).toMatchObject({ stdout: `${file}\n`, status: 0 });
  expect(existsSync(file)).toBe(false);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the kernel and removes the connection file', async (signal) => {
  const running = line.start('start');
  await running.wrote('.json\n');
  running.child.kill(signal);
  const { stdout, status } = await running.ended;
  expect(status).toBe(0);
  expect(existsSync(stdout.trim())).toBe(false);
});

test('start shares the kernel by the policy that it is given, and tells who cannot be shared so', async () => {
  const file = join(line.folder, 'home/kernel.json');
  await writeFile(join(line.folder, 'policy.yaml'), 'private: [salaries]\n');
  const sharing = ['--policy', 'policy.yaml', '--audit', 'audit.jsonl', '--reauth', '10s'];
  const running = line.start('start', '--connection-file', file, ...sharing);
  await running.wrote(`${file}\n`);
  expect(await line.run('topics', '--existing', file)).toMatchObject({ stdout: 'salaries\n', status: 0 });
  expect(existsSync(join(line.folder, 'audit.jsonl'))).toBe(true);
  running.child.kill('SIGTERM');
  await running.ended;
  // It was asked to end, and ended its audit.
  expect(await line.run('audit', 'audit.jsonl', '--verify')).toMatchObject({
    stderr: expect.stringMatching(/^jupyter-curve: all \d+ lines are in order, up to\n$/),
    status: 0,
  });

  const others = join(line.folder, 'home/.local/share/jupyter/kernels/other');
  await mkdir(others, { recursive: true });
  const spec = { argv: ['sleep', '60'], display_name: 'Other', language: 'none' };
  await writeFile(join(others, 'kernel.json'), JSON.stringify(spec));
  const refused = await line.run('start', '--kernel', 'other', '--policy', 'policy.yaml');
  expect(refused).toMatchObject({ stdout: '', status: 2 });
  expect(refused.stderr).toContain('The kernel "other" is not one of jupyter-curve');
});

test('a kernel that dies is an error of status 6', async () => {
  const running = line.start('start', '--connection-file', join(line.folder, 'home/kernel.json'));
  await running.wrote('.json\n');
  const [kernel] = await childrenOf(Number(running.child.pid), 'kernel.cjs');
  process.kill(Number(kernel), 'SIGKILL');
  const { stderr, status } = await running.ended;
  expect(stderr).toMatch(/jupyter-curve: error: .*died.*\njupyter-curve: hint: .*\n$/);
  expect(status).toBe(6);
});

test('a file that is no connection file is left alone, with status 3', async () => {
  const file = join(line.folder, 'thesis.txt');
  await writeFile(file, 'my thesis');
  const { stderr, status } = await line.run('start', '--connection-file', file);
  expect(stderr).toMatch(/jupyter-curve: error: .*exists already.*\njupyter-curve: hint: .*\n$/);
  expect([status, await readFile(file, 'utf8')]).toEqual([3, 'my thesis']);
});

test('a runtime folder that cannot be made is status 3, and says what to set', async () => {
  line.env['JUPYTER_RUNTIME_DIR'] = '/dev/null/runtime';
  const { stderr, status } = await line.run('start');
  expect(stderr).toMatch(/jupyter-curve: hint: .*JUPYTER_RUNTIME_DIR/);
  expect(status).toBe(3);
});

const pythonTest = requireOrSkip('a Python with jupyter_client', existsSync(pythonPath()));

/** Installs a kernel with bad manners as `odd`. */
async function installOdd(...manners: string[]): Promise<void> {
  const folder = join(line.folder, 'home/.local/share/jupyter/kernels/odd');
  const program = join(repository, 'test/support/kernel/programs/odd-kernel.py');
  const argv = [pythonPath(), program, '{connection_file}', ...manners];
  await mkdir(folder, { recursive: true });
  const metadata = { supported_encryption: ['curve'] };
  await writeFile(join(folder, 'kernel.json'), JSON.stringify({ argv, display_name: 'Odd', language: 'x', metadata }));
}

pythonTest('what a kernel says that cannot be read is a warning', async () => {
  const folder = join(line.folder, 'home/.local/share/jupyter/kernels/odd');
  const program = join(repository, 'test/support/kernel/programs/odd-messages.py');
  await mkdir(folder, { recursive: true });
  const argv = [pythonPath(), program, 'info-broken', '{connection_file}'];
  await writeFile(join(folder, 'kernel.json'), JSON.stringify({ argv, display_name: 'Odd', language: 'x' }));
  const { stderr, status } = await line.run('start', '--kernel', 'odd');
  expect(stderr).toContain(
    'warning: A message of type "kernel_info_reply" of the kernel could not be read: the content is not JSON; it was dropped',
  );
  expect(stderr).toMatch(
    /error: A message of type "kernel_info_reply" from the kernel on (shell|control) could not be read/,
  );
  expect(status).toBe(6);
});

pythonTest('the second Ctrl-C kills a kernel that does not listen', async () => {
  await installOdd('deaf', 'stubborn');
  const running = line.start('start', '--kernel', 'odd');
  await running.wrote('.json\n');
  running.child.kill('SIGINT');
  await running.wrote('ignored shutdown_request');
  running.child.kill('SIGINT');
  const { stderr, status } = await running.ended;
  expect(stderr).not.toContain('ignored SIGTERM');
  expect(status).toBe(0);
});

pythonTest.each([['deaf'], ['obedient']])(
  'shutdown of a kernel that is %s is status 6, with what to do',
  async (manner) => {
    await installOdd(manner);
    const running = line.start('start', '--kernel', 'odd');
    await running.wrote('.json\n');
    const runtime = join(line.folder, 'home/.local/share/jupyter/runtime');
    const file = (await readdir(runtime)).find((name) => /^kernel-.*\.json$/.test(name)) ?? '';
    const { stderr, status } = await line.run('shutdown', join(runtime, file));
    expect(stderr).toMatch(/hint: End it where it was started/);
    expect(status).toBe(6);
  },
);

test('shutdown of a connection file that is not there is status 3', async () => {
  const { stderr, status } = await line.run('shutdown', 'nothing.json');
  expect(stderr).toMatch(/^jupyter-curve: error: .*nothing\.json.*\njupyter-curve: hint: .*\n$/);
  expect(status).toBe(3);
});

pythonTest('jupyter_client attaches to what start printed', async () => {
  const running = line.start('start', '--transport-encryption', 'required');
  await running.wrote('.json\n');
  const program = `
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient()
client.load_connection_file(sys.argv[1])
client.start_channels()
client.wait_for_ready(timeout=20)
print(client.execute_interactive("2 + 3", timeout=20)["content"]["status"], client.curve_publickey is not None)
client.stop_channels()
`;
  const runtime = join(line.folder, 'home/.local/share/jupyter/runtime');
  const file = (await readdir(runtime)).find((name) => /^kernel-.*\.json$/.test(name)) ?? '';
  const { stdout } = await promisify(execFile)(pythonPath(), ['-c', program, join(runtime, file)]);
  expect(stdout).toBe('5ok True\n');
  await line.run('shutdown', join(runtime, file));
  expect(await running.ended).toMatchObject({ status: 0 });
});

const onLinux = requireOrSkip('/proc', existsSync('/proc/self/environ'));

onLinux('a secret key in the environment can be read neither there nor in what is started', async () => {
  const { secretKey } = await generateCurvePair();
  const secret = exposeZ85(secretKey);
  line.env['JUPYTER_CURVE_SECRETKEY'] = secret;
  const running = line.start('start');
  await running.wrote('.json\n');
  const pids = [Number(running.child.pid), ...(await childrenOf(Number(running.child.pid), ''))];
  expect(pids.length).toBeGreaterThan(1);
  for (const pid of pids) {
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1');
    expect(environ).toContain('PATH=');
    expect(environ.includes(secret)).toBe(false);
  }
  running.child.kill('SIGTERM');
  await running.ended;
});
