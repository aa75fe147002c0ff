import { parseArgs } from 'node:util';
import type { CommandModule } from 'yargs';
import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { CurveKernelError } from '../errors.js';
import { eraseVariable } from '../kernel/erase-variable.js';
import { serveKernel } from '../kernel/serve-kernel.js';
import { findAccount } from '../typescript/evaluator-account.js';
import { ACCESS_OPTIONS, accessOptions, type AccessArguments } from './access-options.js';
import { checkValues } from './check-values.js';
import { printError, printWarning } from './output.js';

interface KernelArguments extends AccessArguments {
  readonly 'connection-file': string;
  readonly 'require-encryption': boolean;
  readonly 'evaluator-user': string | undefined;
}

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
  await serve(parseKernelArguments(args));
}

async function serve(args: KernelArguments): Promise<void> {
  // The language may look at the environment as soon as it is made; from here on only `env` holds the secret.
  const env = { ...process.env };
  eraseVariable(SECRET_VARIABLE);
  const { createTypeScriptLanguage } = await import('../typescript/typescript-language.js');
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
  });
  const { transport, curve } = kernel.connection;
  if (transport === 'tcp' && curve === undefined) {
    printWarning({
      message: 'the connection file has no keys: what this kernel is sent and sends can be read on the way',
      hint: 'start it with the transport encryption of your manager set to "required"',
    });
  }
  await kernel.closed;
  process.exit();
}

function parseKernelArguments(args: readonly string[]): KernelArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        'connection-file': { type: 'string', short: 'f' },
        'require-encryption': { type: 'boolean', default: false },
        'evaluator-user': { type: 'string' },
        'authorized-clients': { type: 'string' },
        policy: { type: 'string' },
        audit: { type: 'string' },
        reauth: { type: 'string' },
        verify: { type: 'string' },
      },
    });
    checkValues(values, []);
    const { 'connection-file': file, 'evaluator-user': user, ...others } = values;
    if (file === undefined) throw new TypeError('the option --connection-file is missing');
    return { ...others, 'connection-file': file, 'evaluator-user': user };
  } catch (error) {
    if (error instanceof CurveKernelError) throw error;
    const message = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw new CurveKernelError('usage', message, { hint: 'see "jupyter-curve kernel --help"', cause: error });
  }
}
