import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { attach } from '#src/manager/attach.js';
import { quietServices } from '#src/manager/quiet-services.js';
import { createCommandLine, type CommandLine } from '../fixtures/command-line.js';
import { pythonPath } from '../fixtures/python.js';
import { requireOrSkip } from '../fixtures/require-or-skip.js';

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

  const others = join(line.folder, 'home/.local/share/jupyter/kernels/other');
  await mkdir(others, { recursive: true });
  const spec = { argv: ['sleep', '60'], display_name: 'Other', language: 'none' };
  await writeFile(join(others, 'kernel.json'), JSON.stringify(spec));
  const refused = await line.run('start', '--kernel', 'other', '--policy', 'policy.yaml');
  expect(refused).toMatchObject({ stdout: '', status: 2 });
  expect(refused.stderr).toContain('the kernel "other" is not one of jupyter-curve');
});

test('a kernel that dies is an error of status 6', async () => {
  const running = line.start('start', '--connection-file', join(line.folder, 'home/kernel.json'));
  await running.wrote('.json\n');
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(running.child.pid), '-f', 'main.js kernel']);
  process.kill(Number(stdout.trim().split('\n')[0]), 'SIGKILL');
  const { stderr, status } = await running.ended;
  expect(stderr).toMatch(/jupyter-curve: error: .*died.*\njupyter-curve: hint: .*\n$/);
  expect(status).toBe(6);
});

test('shutdown of a connection file that is not there is status 3', async () => {
  const { stderr, status } = await line.run('shutdown', 'nothing.json');
  expect(stderr).toMatch(/^jupyter-curve: error: .*nothing\.json.*\njupyter-curve: hint: .*\n$/);
  expect(status).toBe(3);
});

requireOrSkip('a Python with jupyter_client', existsSync(pythonPath()))(
  'jupyter_client attaches to what start printed',
  async () => {
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
  },
);
