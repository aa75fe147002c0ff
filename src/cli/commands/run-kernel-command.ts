import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { eraseVariable } from '../../server/erase-variable.js';
import { serveKernel } from '../../kernel/serve-kernel.js';
import { definedOnly } from '../../support/defined-only.js';
import { findAccount } from '../../typescript/evaluator-account.js';
import { parseKernelArguments, type KernelCommandArguments } from '../options/kernel-command-options.js';
import { readAccessOptions } from '../options/sharing-options.js';
import { createAlarmPrinter } from '../output/alarm-printer.js';
import { printError, printNote } from '../output/output.js';
import { warnOfPlainText } from '../output/plain-text-warning.js';

/**
 * `kernel`: the command of the kernelspec. Ends on shutdown_request, the death of its parent, or a signal. Runs without the libraries of the
 * other commands: a front end waits for it.
 */
export async function runKernel(args: readonly string[]): Promise<void> {
  const { values, unknown } = parseKernelArguments(args);
  // Front ends pass on what they are given, such as a file name or --HistoryManager.hist_file. Values may be secrets.
  if (unknown.length > 0) printNote(`ignored arguments that this kernel does not know: ${unknown.join(', ')}`);
  await serve(values);
}

async function serve(args: KernelCommandArguments): Promise<void> {
  // The language may read the environment as soon as it is created; from here on only `env` holds the secret.
  const env = { ...process.env };
  eraseVariable(SECRET_VARIABLE);
  const { createTypeScriptLanguage } = await import('../../typescript/typescript-language.js');
  const user = args['evaluator-user'];
  // The language would report a wrong account to the first client that executes; it has to be reported at the start.
  if (user !== undefined) await findAccount(user);
  const language = createTypeScriptLanguage(definedOnly({ user }));
  const kernel = await serveKernel(language, args['connection-file'], {
    requireEncryption: args['require-encryption'],
    access: await readAccessOptions(args, args['connection-file']),
    env,
    ownsProcess: true,
    onFailure: printError,
    onAlarm: createAlarmPrinter(),
  });
  warnOfPlainText(kernel.connection);
  await kernel.closed;
  process.exit();
}
