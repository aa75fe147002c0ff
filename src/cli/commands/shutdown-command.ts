import { setTimeout as delay } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { endpoint } from '../../connection/endpoints.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { askControl } from '../../manager/client/ask-control.js';
import { probe, type ProbeAs } from '../../transport/client/probe.js';
import { findCredentials, keyFileOption } from '../options/existing-kernel.js';
import { printNote } from '../output/output.js';

interface ShutdownArguments {
  readonly file: string;
  readonly 'key-file': string | undefined;
}

/** Milliseconds for the kernel to answer, and then to end. */
const PATIENCE = 5000;
/** Milliseconds between two looks at whether it has. */
const PAUSE = 50;

/** `shutdown`: ends the kernel of a connection file, whoever started it. */
export const shutdownCommand: CommandModule<object, ShutdownArguments> = {
  command: 'shutdown <file>',
  describe: 'End the kernel of a connection file',
  builder: (yargs) =>
    keyFileOption(yargs.positional('file', { type: 'string', demandOption: true, describe: 'What "start" printed' })),
  handler: shutdown,
};

async function shutdown({ file, 'key-file': keyFile }: ShutdownArguments): Promise<void> {
  const { client, secretKey } = await findCredentials(file, keyFile);
  const connection = await readConnectionFile(file, secretKey && { secretKey });
  const options = { connection, timeout: PATIENCE, ...(client === undefined ? {} : { client }) };
  const { status, ename } = await askControl(options, 'shutdown_request', { restart: false }).catch((error) => {
    // Connected, and no answer; unlike a kernel that cannot be reached.
    if (isCurveKernelError(error, 'peer-silent') && 'msgType' in error.data) throw stays('does not answer', error);
    throw error;
  });
  if (status === 'error') {
    throw new CurveKernelError(
      ename === 'NotPermitted' ? 'not-permitted' : 'shutdown-failed',
      'the kernel refuses to end',
      { hint: 'ask whoever started it to end it' },
    );
  }
  if (!(await isGone(connection))) throw stays('has agreed to end, and still runs');
  printNote(`the kernel of ${file} has ended`);
}

/** Waits until nobody has the kernel's keys and address any more. */
async function isGone(connection: ConnectionInfo): Promise<boolean> {
  const as: ProbeAs = connection.curve
    ? { mechanism: 'curve', serverKey: connection.curve.publicKey }
    : { mechanism: 'null' };
  const end = performance.now() + PATIENCE;
  while ((await probe(endpoint(connection, 'heartbeat'), as, 'heartbeat')) === 'admitted') {
    if (performance.now() > end) return false;
    await delay(PAUSE);
  }
  return true;
}

const stays = (problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('shutdown-failed', `the kernel ${problem}`, {
    hint: 'end it where it was started (Ctrl-C in the terminal of "start"), or kill its process',
    cause,
  });
