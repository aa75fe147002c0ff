import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCommandLine, mainFile, type CommandLine } from '../../support/command-line.js';
import { COMMANDS } from '../../support/commands.js';

const NOTEBOOK = JSON.stringify({
  cells: [{ cell_type: 'code', id: 'a', source: '1', metadata: {}, outputs: [], execution_count: null }],
  metadata: { kernelspec: { name: 'typescript', display_name: 'T', language: 'typescript' } },
  nbformat: 4,
  nbformat_minor: 5,
});

let line: CommandLine;
beforeAll(async () => {
  line = await createCommandLine();
});
afterAll(() => line.close());

test('--help goes to standard output and names every command and every exit status', async () => {
  const { stdout, stderr, status } = await line.run('--help');
  for (const command of COMMANDS) {
    expect(stdout).toContain(`jupyter-curve ${command} `);
  }
  for (const known of [0, 1, 2, 3, 4, 5, 6, 70, 130]) expect(stdout).toMatch(new RegExp(`^  ${known} +\\w`, 'm'));
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

test('--version prints the version of the package', async () => {
  expect(await line.run('--version')).toEqual({
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
    status: 0,
  });
});

test.each([
  { args: [], error: 'A command is missing' },
  { args: ['dance'], error: 'Unknown argument: dance' },
  { args: ['specs', '--colour'], error: 'Unknown argument: colour' },
  { args: ['install', '--prefix'], error: 'Not enough arguments following: prefix' },
  { args: ['install', '--user', '--prefix', 'x'], error: 'Only one of --user, --sys-prefix and --prefix can be given' },
  { args: ['install', '--name', 'Not A Name'], error: '"Not A Name" cannot be the name of a kernel' },
  { args: ['install', '--name', '.'], error: '"." cannot be the name of a kernel' },
  { args: ['install', '--prefix', ''], error: 'The value is empty: prefix' },
  { args: ['keygen', '--out', ''], error: 'The value is empty: out' },
  { args: ['keygen', '--out', 'a', '--out', 'b'], error: 'An option is given more than once: out' },
  {
    args: ['start', '--connection-file', 'a', '--connection-file', 'b'],
    error: 'An option is given more than once: connection',
  },
  { args: ['kernel', '--connection-file', ''], error: 'The value is empty: connection-file' },
  { args: ['run', ''], error: 'The value is empty: notebook' },
  { args: ['run', 'x.ipynb', '--output', ''], error: 'The value is empty: output' },
  { args: ['run', 'x.ipynb', '--output', 'a', '--output', 'b'], error: 'An option is given more than once: output' },
  { args: ['run', 'x.ipynb', '-k', 'a', '--kernel', 'b'], error: 'An option is given more than once: k' },
  { args: ['run'], error: 'Not enough non-option arguments: got 0, need at least 1' },
  {
    args: ['run', 'x.ipynb', '--output', 'y.ipynb', '--inplace'],
    error: 'Only one of --output and --inplace can be given',
  },
  {
    args: ['run', 'x.ipynb', '--timeout', 'soon'],
    error: 'The value of --timeout must be a number of seconds above 0',
  },
  { args: ['run', 'x.ipynb', '--transport-encryption', 'maybe'], error: 'Invalid values:' },
])('wrong usage is status 2, an error and a hint, and nothing on standard output: $args', async ({ args, error }) => {
  const { stdout, stderr, status } = await line.run(...args);
  const [first, second, ...rest] = stderr.trimEnd().split('\n');
  expect(first).toContain(`jupyter-curve: error: ${error}`);
  expect(second).toMatch(/^jupyter-curve: hint: \w/);
  expect({ stdout, rest, status }).toEqual({ stdout: '', rest: [], status: 2 });
});

test.each([
  ['instal', 'command instal', 'install'],
  ['kenrel', 'command kenrel', 'kernel'],
  ['Strat', 'command Strat', 'start'],
  ['--vresion', 'option --vresion', '--version'],
  ['install --forse', 'option --forse', '--force'],
  ['run x.ipynb --allow_error', 'option --allow_error', '--allow-errors'],
  ['run x.ipynb --outptu=y.ipynb', 'option --outptu', '--output'],
  ['grant --exsting k.json --name a --role observer --out b', 'option --exsting', '--existing'],
])('a mistyping is told with what may have been meant: %s', async (args, typed, meant) => {
  const { stdout, stderr, status } = await line.run(...args.split(' '));
  expect(stderr).toMatch(/^.*\njupyter-curve: hint: See .*\n$/);
  expect(stderr).toContain(`jupyter-curve: error: There is no ${typed}; did you mean "${meant}"?\n`);
  expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
});

test('a log file as --existing is no connection file, rather than one to be made private', async () => {
  const log = join(line.folder, 'jupyter.log');
  await chmod(line.folder, 0o755);
  await writeFile(log, '[I 2026-11-27 12:00:00 ServerApp] Kernel started: 1234\n'.repeat(500), { mode: 0o644 });
  for (const args of [
    ['clients', '--existing', log],
    ['shutdown', log],
    ['run', 'x.ipynb', '--existing', log],
  ]) {
    if (args[0] === 'run') await writeFile(join(line.folder, 'x.ipynb'), NOTEBOOK);
    const { stderr, status } = await line.run(...args);
    expect(stderr).toContain(`error: Connection file ${log} is not JSON.\n`);
    expect(stderr).toMatch(/hint: Name the connection file of a kernel, such as kernel-….json in the folder of /);
    expect(status).toBe(3);
  }
});

test.each([
  ['start', /hint: Run "jupyter-curve install", or set JUPYTER_PATH/],
  ['start --kernel julia', /hint: Install it, or set JUPYTER_PATH/],
  ['run x.ipynb', /hint: Run "jupyter-curve install", or set JUPYTER_PATH/],
])('a kernel that is not installed is told with how it is: %s', async (args, hint) => {
  await writeFile(join(line.folder, 'x.ipynb'), NOTEBOOK);
  const { stderr, status } = await line.run(...args.split(' '));
  expect(stderr).toMatch(/error: There is no kernel called /);
  expect(stderr).toMatch(hint);
  expect(status).toBe(4);
});

test('the hints of warnings about plain text name options that there are', async () => {
  const folder = join(line.folder, 'home/.local/share/jupyter/kernels/plain');
  await mkdir(folder, { recursive: true });
  // Without ipc sockets, which the relay would speak to it by.
  const script = 'grep -q ipc "$2" && exit 1; exec "$0" "$1" kernel --connection-file "$2"';
  const argv = ['sh', '-c', script, process.execPath, mainFile, '{connection_file}'];
  await writeFile(join(folder, 'kernel.json'), JSON.stringify({ argv, display_name: 'Plain', language: 'typescript' }));
  const running = line.start('start', '--kernel', 'plain');
  await running.wrote('.json\n');
  running.child.kill('SIGTERM');
  const { stderr } = await running.ended;
  expect(stderr).toContain('warning: The kernel "plain" does not advertise Curve');
  expect(stderr).toContain('warning: The connection file has no Curve keys');
  const hints = stderr.split('\n').filter((text) => text.includes('hint: '));
  expect(hints).toHaveLength(2);
  expect(hints[0]).toContain('"--transport-encryption required"');
  expect(hints[1]).toContain('"jupyter lab --KernelManager.transport_encryption=required"');
  const { stdout } = await line.run('start', '--help');
  for (const [, option = ''] of hints.join('').matchAll(/"(--[\w-]+) /g)) expect(stdout).toContain(option);
});

test.each([
  { args: ['specs', '--colour', '--json'], code: 'usage', status: 2 },
  { args: ['run', 'none.ipynb', '--json'], code: 'notebook-unreadable', status: 3 },
  { args: ['clients', '--existing', 'none.json', '--json'], code: 'connection-file-missing', status: 3 },
  { args: ['audit', 'none.jsonl', '--json'], code: 'audit-broken', status: 3 },
])('with --json a command that fails prints one JSON value, too: $args', async ({ args, code, status }) => {
  const ended = await line.run(...args);
  const [, message, hint] = /^jupyter-curve: error: (.*)\njupyter-curve: hint: (.*)\n$/.exec(ended.stderr) ?? [];
  expect(JSON.parse(ended.stdout)).toEqual({ status: 'error', error: { code, message, hint } });
  expect(ended.status).toBe(status);
});

test('a reader that goes away early is no error', async () => {
  expect(await line.shell('jupyter_curve --help | head -n 1')).toMatchObject({
    stdout: 'jupyter-curve <command>\n',
    stderr: '',
  });
});
