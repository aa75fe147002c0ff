import type { CommandModule } from 'yargs';
import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { eraseVariable } from '../../server/erase-variable.js';
import { serveKernel } from '../../kernel/serve-kernel.js';
import { findAccount } from '../../typescript/evaluator-account.js';
import { ACCESS_OPTIONS, accessOptions } from '../options/sharing-options.js';
import { parseKernelArguments, type KernelArguments } from '../options/kernel-arguments.js';
import { printError, printNote, printWarning } from '../output/output.js';
import { warnOfPlainText } from '../output/plain-text-warning.js';

/** `kernel`: what the kernelspec starts. Ends when a client, its parent's death or a signal ends it. */
export const kernelCommand: CommandModule<object, KernelArguments> = {
  command: 'kernel',
  describe: 'Be the TypeScript kernel of a connection file (front ends start this)',
  builder: (yargs) =>
    yargs
      .option('connection-file', {
        alias: 'f',
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Where to listen, and with which keys',
      })
      .option('require-encryption', { type: 'boolean', default: false, describe: 'Refuse to serve without keys' })
      .option('evaluator-user', {
        type: 'string',
        requiresArg: true,
        describe: 'Run cells as this account [default: as the kernel]',
      })
      .option('authorized-clients', ACCESS_OPTIONS['authorized-clients'])
      .option('policy', ACCESS_OPTIONS.policy)
      .option('audit', ACCESS_OPTIONS.audit)
      .option('reauth', ACCESS_OPTIONS.reauth)
      .option('verify', ACCESS_OPTIONS.verify),
  handler: serve,
};

/** {@link kernelCommand} without the libraries that the other commands load: a front end waits for it. */
export async function runKernel(args: readonly string[]): Promise<void> {
  const { values, unknown } = parseKernelArguments(args);
  // Front ends pass on what they are given, such as a file name or --HistoryManager.hist_file. Values may be secrets.
  if (unknown.length > 0) printNote(`arguments that this kernel does not know are left aside: ${unknown.join(', ')}`);
  await serve(values);
}

async function serve(args: KernelArguments): Promise<void> {
  // The language may look at the environment as soon as it is made; from here on only `env` holds the secret.
  const env = { ...process.env };
  eraseVariable(SECRET_VARIABLE);
  const { createTypeScriptLanguage } = await import('../../typescript/typescript-language.js');
  const user = args['evaluator-user'];
  // The language would tell who executes first; whoever starts the kernel is to know.
  if (user !== undefined) await findAccount(user);
  const language = createTypeScriptLanguage(user === undefined ? {} : { user });
  const kernel = await serveKernel(language, args['connection-file'], {
    requireEncryption: args['require-encryption'],
    access: await accessOptions(args, args['connection-file']),
    env,
    ownsProcess: true,
    onFailure: printError,
    onAlarm: printEach(),
  });
  warnOfPlainText(kernel.connection);
  await kernel.closed;
  process.exit();
}

/** Milliseconds in which one alarm is printed once. */
const QUIET = 60_000;

/** Prints alarms; a client that causes the same one again and again fills no log. */
function printEach(): (alarm: { readonly message: string; readonly hint: string }) => void {
  const printed = new Map<string, number>();
  return (alarm) => {
    const now = performance.now();
    for (const [message, at] of printed) if (now - at > QUIET) printed.delete(message);
    if (printed.has(alarm.message)) return;
    printed.set(alarm.message, now);
    printWarning(alarm);
  };
}
