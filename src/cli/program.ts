import { readFile } from 'node:fs/promises';
import yargs from 'yargs';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import type { Command } from './command.js';
import { statusMeanings } from './output/exit-status.js';
import { packageJson } from './package-files.js';
import { checkValues } from './options/check-values.js';
import { dropSecret, hideSecret } from './hide-secret.js';
import { findMistyped } from './options/mistyped.js';
import { printResult, silenceLibraries, table } from './output/output.js';
import { bindDashedKeyArgs, bindParameterArgs } from './options/bind-arguments.js';
import { usageError } from './output/usage-error.js';

/** The usage of each command, its line in the help, and how it is loaded: each is a module of its own, with the libraries that it needs. */
const COMMANDS: readonly (readonly [
  usage: string,
  describe: string,
  load: () => Promise<{ readonly command: Command }>,
])[] = [
  ['install', 'Install the TypeScript kernel for Jupyter', () => import('./commands/install-command.js')],
  ['uninstall', 'Remove the TypeScript kernel from Jupyter', () => import('./commands/uninstall-command.js')],
  ['wrap <kernel>', 'Make an encrypted kernel of one that cannot encrypt', () => import('./commands/wrap-command.js')],
  ['specs', 'List the installed kernels and whether they can encrypt', () => import('./commands/specs-command.js')],
  [
    'inspect <path>',
    'Explain a connection file, a grant, a kernelspec or another file, without its secrets',
    () => import('./commands/inspect-command.js'),
  ],
  [
    'status',
    'Show your running kernels: encrypted or not, who is connected, busy or idle',
    () => import('./commands/status-command.js'),
  ],
  [
    'doctor',
    'Find what is wrong with kernels, kernelspecs, files and versions, and how to mend it',
    () => import('./commands/doctor-command.js'),
  ],
  ['run <notebook>', 'Execute a notebook', () => import('./commands/run-command.js')],
  [
    'start',
    'Start a kernel, print its connection file, and keep the kernel running',
    () => import('./commands/start-command.js'),
  ],
  ['shutdown <file>', 'Shut down the kernel of a connection file', () => import('./commands/shutdown-command.js')],
  ['keygen', 'Generate a Curve key pair', () => import('./commands/keygen-command.js')],
  [
    'grant',
    'Grant access to a running kernel, and write a connection file for it',
    () => import('./commands/grant-command.js'),
  ],
  ['accept <sealed>', 'Open a grant that was sealed to your key', () => import('./commands/accept-command.js')],
  [
    'clients',
    'List the grants of a running kernel and the clients that are connected',
    () => import('./commands/clients-command.js'),
  ],
  [
    'revoke [name]',
    'Revoke access to a running kernel, and close its connections',
    () => import('./commands/revoke-command.js'),
  ],
  ['rotate <name>', 'Replace the key of an identity', () => import('./commands/rotate-command.js')],
  ['role <name> <roles..>', 'Replace the roles of an identity', () => import('./commands/role-command.js')],
  [
    'private <topic>',
    'Restrict outputs of a topic to roles that name it',
    async () => ({ command: (await import('./commands/topics-command.js')).privateCommand }),
  ],
  [
    'public <topic>',
    'Show outputs of a topic to all clients again',
    async () => ({ command: (await import('./commands/topics-command.js')).publicCommand }),
  ],
  [
    'topics',
    'List the private topics of a running kernel',
    async () => ({ command: (await import('./commands/topics-command.js')).topicsCommand }),
  ],
  [
    'can <name> <act..>',
    'Tell whether an identity may perform an action, and which rule decides',
    () => import('./commands/can-command.js'),
  ],
  [
    'policy <action> [file]',
    'Check a policy file and its tests, without a kernel',
    () => import('./commands/policy-command.js'),
  ],
  [
    'audit <file>',
    'Show or verify the audit file of a kernel: connections, grants and refusals',
    () => import('./commands/audit-command.js'),
  ],
  [
    'kernel',
    'Run the TypeScript kernel on a connection file (front ends start this)',
    () => import('./options/kernel-command-options.js'),
  ],
  [
    'relay',
    'Run another kernel behind keys and access control (front ends start this; see wrap)',
    () => import('./options/relay-options.js'),
  ],
];

/** Parses `args` and runs the command that they name. Rejects with what went wrong; the caller prints it and maps it to an exit status. */
export async function runProgram(args: readonly string[]): Promise<void> {
  silenceLibraries();
  hideSecret();
  const tied = bindDashedKeyArgs(bindParameterArgs(args));
  try {
    const output = await parse(tied);
    if (output !== '') printResult(output);
  } catch (error) {
    if (!isCurveKernelError(error, 'usage')) throw error;
    const mistyped = await findMistyped(tied, (command) => parse([...command, '--help']));
    if (mistyped === undefined) throw error;
    const { typed, meant } = mistyped;
    const message = `There is no ${typed.startsWith('-') ? 'option' : 'command'} ${typed}; did you mean "${meant}"?`;
    throw new CurveKernelError('usage', message, { hint: error.hint, cause: error });
  }
}

/** Runs the command; resolves to the text of `--help` or `--version`, or to an empty one. */
async function parse(args: readonly string[]): Promise<string> {
  const parser = yargs()
    .scriptName('jupyter-curve')
    .usage(
      '$0 <command>\n\nJupyter kernels over CurveZMQ: start them, run notebooks, share access, serve a TypeScript kernel.',
    )
    .demandCommand(1, 1, 'A command is missing', 'There is more than one command')
    // `options` holds names by their kind, which its type does not declare.
    .check((argv, options) => checkValues(argv, Object.values(options['array'] ?? [])))
    .middleware(dropSecret)
    .strict()
    .version(await packageVersion())
    .help()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue(
      `Exit status:\n${statusTable()}\n\nJUPYTER_CURVE_DEBUG=1 adds stack traces and messages of libraries on standard error.`,
    )
    .locale('en')
    .exitProcess(false)
    .fail((message, error) => {
      throw toUsageError(message, error);
    });
  for (const [usage, describe, load] of COMMANDS) {
    parser.command({
      command: usage,
      describe,
      builder: async (parent) => (await load()).command.build(parent),
      handler: async (values) => (await load()).command.run(values),
    });
  }
  // With a callback, help and version come back as text instead of being written to the console.
  let text = '';
  try {
    await parser.parseAsync(args, {}, (_error, _argv, output) => {
      text = output;
    });
  } catch (error) {
    // Not every mistake is passed to the handler of failures.
    throw error instanceof Error ? toUsageError(error.message, error) : error;
  }
  return text;
}

/** What yargs finds wrong; an error of a command stays as it is. */
const toUsageError = (message: string, error: Error | undefined): Error =>
  error === undefined || error.name === 'YError' ? usageError(`${message.replace(/\.$/, '')}.`) : error;

async function packageVersion(): Promise<string> {
  const text = await readFile(packageJson, 'utf8');
  const { version }: { readonly version: string } = JSON.parse(text);
  return version;
}

const statusTable = (): string =>
  table(Object.entries(statusMeanings).map(([status, meaning]) => [`  ${status}`, meaning]));
