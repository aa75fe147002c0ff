import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCommandLine, type CommandLine } from '../fixtures/command-line.js';
import { COMMANDS } from '../fixtures/commands.js';

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
  { args: [], error: 'a command is missing' },
  { args: ['dance'], error: 'unknown argument: dance' },
  { args: ['specs', '--colour'], error: 'unknown argument: colour' },
  { args: ['install', '--prefix'], error: 'not enough arguments following: prefix' },
  { args: ['install', '--user', '--prefix', 'x'], error: 'only one of --user, --sys-prefix and --prefix can be given' },
  { args: ['install', '--name', 'Not A Name'], error: '"Not A Name" cannot be a kernel\'s name' },
  { args: ['install', '--name', '.'], error: '"." cannot be a kernel\'s name' },
  { args: ['install', '--prefix', ''], error: 'the value is empty: prefix' },
  { args: ['keygen', '--out', ''], error: 'the value is empty: out' },
  { args: ['keygen', '--out', 'a', '--out', 'b'], error: 'given more than once: out' },
  { args: ['start', '--connection-file', 'a', '--connection-file', 'b'], error: 'given more than once: connection' },
  { args: ['kernel', '--connection-file', ''], error: 'the value is empty: connection-file' },
  { args: ['run', ''], error: 'the value is empty: notebook' },
  { args: ['run', 'x.ipynb', '--output', ''], error: 'the value is empty: output' },
  { args: ['run', 'x.ipynb', '--output', 'a', '--output', 'b'], error: 'given more than once: output' },
  { args: ['run', 'x.ipynb', '-k', 'a', '--kernel', 'b'], error: 'given more than once: k' },
  { args: ['run'], error: 'not enough non-option arguments: got 0, need at least 1' },
  {
    args: ['run', 'x.ipynb', '--output', 'y.ipynb', '--inplace'],
    error: 'only one of --output and --inplace can be given',
  },
  { args: ['run', 'x.ipynb', '--timeout', 'soon'], error: '--timeout must be a number of seconds above 0' },
  { args: ['run', 'x.ipynb', '--transport-encryption', 'maybe'], error: 'invalid values:' },
])('wrong usage is status 2, an error and a hint, and nothing on standard output: $args', async ({ args, error }) => {
  const { stdout, stderr, status } = await line.run(...args);
  const [first, second, ...rest] = stderr.trimEnd().split('\n');
  expect(first).toContain(`jupyter-curve: error: ${error}`);
  expect(second).toMatch(/^jupyter-curve: hint: \w/);
  expect({ stdout, rest, status }).toEqual({ stdout: '', rest: [], status: 2 });
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
