import { readFile } from 'node:fs/promises';
import yargs from 'yargs';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { statusMeanings } from './output/exit-status.js';
import { packageJson } from './package-files.js';
import { acceptCommand } from './commands/accept-command.js';
import { auditCommand } from './commands/audit-command.js';
import { canCommand } from './commands/can-command.js';
import { checkValues } from './options/check-values.js';
import { clientsCommand } from './commands/clients-command.js';
import { grantCommand } from './commands/grant-command.js';
import { dropSecret, hideSecret } from './hide-secret.js';
import { installCommand } from './commands/install-command.js';
import { kernelCommand } from './commands/kernel-command.js';
import { bindDashedKeyArgs } from './options/key-argument.js';
import { keygenCommand } from './commands/keygen-command.js';
import { findMistyped } from './options/mistyped.js';
import { printResult, silenceLibraries, table } from './output/output.js';
import { policyCommand } from './commands/policy-command.js';
import { relayCommand } from './commands/relay-command.js';
import { revokeCommand } from './commands/revoke-command.js';
import { roleCommand } from './commands/role-command.js';
import { rotateCommand } from './commands/rotate-command.js';
import { runCommand } from './commands/run-command.js';
import { bindParameterArgs } from './options/run-parameters.js';
import { shutdownCommand } from './commands/shutdown-command.js';
import { specsCommand } from './commands/specs-command.js';
import { startCommand } from './commands/start-command.js';
import { privateCommand, publicCommand, topicsCommand } from './commands/topics-command.js';
import { uninstallCommand } from './commands/uninstall-command.js';
import { wrapCommand } from './commands/wrap-command.js';
import { usageError } from './output/usage-error.js';

/** Parses `args` and runs the command that they name. Rejects with what went wrong; the caller prints it and maps it to an exit status. */
export async function runProgram(args: readonly string[]): Promise<void> {
  silenceLibraries();
  hideSecret();
  const tied = bindDashedKeyArgs(bindParameterArgs(args));
  try {
    const text = await parse(tied);
    if (text !== '') printResult(text);
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
    .command(installCommand)
    .command(uninstallCommand)
    .command(wrapCommand)
    .command(specsCommand)
    .command(runCommand)
    .command(startCommand)
    .command(shutdownCommand)
    .command(keygenCommand)
    .command(grantCommand)
    .command(acceptCommand)
    .command(clientsCommand)
    .command(revokeCommand)
    .command(rotateCommand)
    .command(roleCommand)
    .command(privateCommand)
    .command(publicCommand)
    .command(topicsCommand)
    .command(canCommand)
    .command(policyCommand)
    .command(auditCommand)
    .command(kernelCommand)
    .command(relayCommand)
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
      throw error === undefined || error.name === 'YError' ? usageError(`${message.replace(/\.$/, '')}.`) : error;
    });
  // With a callback, help and version come back as text instead of being written to the console.
  let text = '';
  await parser.parseAsync(args, {}, (_error, _argv, output) => {
    text = output;
  });
  return text;
}

async function packageVersion(): Promise<string> {
  const text = await readFile(packageJson, 'utf8');
  const { version }: { readonly version: string } = JSON.parse(text);
  return version;
}

const statusTable = (): string =>
  table(Object.entries(statusMeanings).map(([status, meaning]) => [`  ${status}`, meaning]));
