import type { CommandModule } from 'yargs';
import { readConnectionFile } from '../connection/read-connection-file.js';
import { CurveKernelError } from '../errors.js';
import { askControl } from '../manager/ask-control.js';
import { findKernelKeys, keyFileOption } from './existing-kernel.js';
import { printNote } from './output.js';

interface ShutdownArguments {
  readonly file: string;
  readonly 'key-file': string | undefined;
}

/** Milliseconds for the kernel to answer. */
const PATIENCE = 5000;

/** `shutdown`: ends the kernel of a connection file, whoever started it. */
export const shutdownCommand: CommandModule<object, ShutdownArguments> = {
  command: 'shutdown <file>',
  describe: 'End the kernel of a connection file',
  builder: (yargs) =>
    keyFileOption(yargs.positional('file', { type: 'string', demandOption: true, describe: 'What "start" printed' })),
  handler: shutdown,
};

async function shutdown({ file, 'key-file': keyFile }: ShutdownArguments): Promise<void> {
  const { client, secretKey } = await findKernelKeys(file, keyFile);
  const connection = await readConnectionFile(file, secretKey && { secretKey });
  const options = { connection, timeout: PATIENCE, ...(client === undefined ? {} : { client }) };
  const { status, ename } = await askControl(options, 'shutdown_request', { restart: false });
  if (status === 'error') {
    throw new CurveKernelError(
      ename === 'NotPermitted' ? 'not-permitted' : 'shutdown-failed',
      'the kernel refuses to end',
      { hint: 'ask whoever started it to end it' },
    );
  }
  printNote(`the kernel of ${file} is ending`);
}
