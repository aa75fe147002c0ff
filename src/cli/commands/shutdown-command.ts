import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { endpoint } from '../../connection/endpoints.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { definedOnly } from '../../support/defined-only.js';
import { askControl } from '../../manager/client/control-client.js';
import { probe, type ProbeAs } from '../../transport/client/probe.js';
import { defineCommand } from '../command.js';
import { findCredentials, KEY_FILE_OPTION } from '../options/existing-kernel.js';
import { argument } from '../options/option.js';
import { printNote } from '../output/output.js';

/** Milliseconds for the kernel to answer, and then to end. */
const SHUTDOWN_TIMEOUT = 5000;
/** Milliseconds between two probes of its address. */
const PROBE_INTERVAL = 50;

/** `shutdown`: ends the kernel of a connection file, also one that another program started. */
export const command = defineCommand({
  arguments: { file: argument('Its connection file, as "start" prints it') },
  options: { 'key-file': KEY_FILE_OPTION },
  run: async ({ file, 'key-file': keyFile }) => {
    const { client, secretKey } = await findCredentials(file, keyFile);
    const connection = await readConnectionFile(file, definedOnly({ secretKey }));
    const options = { connection, timeout: SHUTDOWN_TIMEOUT, ...definedOnly({ client }) };
    const { status, ename } = await askControl(options, 'shutdown_request', { restart: false }).catch((error) => {
      // Connected and without an answer, unlike a kernel that cannot be reached.
      if (isCurveKernelError(error, 'peer-silent') && 'msgType' in error.data)
        throw stillRunningError('does not answer', error);
      throw error;
    });
    if (status === 'error') {
      throw new CurveKernelError(
        ename === 'NotPermitted' ? 'not-permitted' : 'shutdown-failed',
        'The kernel refuses to shut down.',
        { hint: 'Ask an owner or admin of the kernel to shut it down.' },
      );
    }
    if (!(await isGone(connection))) throw stillRunningError('has agreed to shut down and still runs');
    printNote(`the kernel of ${file} has ended`);
  },
});

/** Waits until no process with the kernel's key listens on its address. */
async function isGone(connection: ConnectionInfo): Promise<boolean> {
  const as: ProbeAs = connection.curve
    ? { mechanism: 'curve', serverKey: connection.curve.publicKey }
    : { mechanism: 'null' };
  const end = performance.now() + SHUTDOWN_TIMEOUT;
  while ((await probe(endpoint(connection, 'heartbeat'), as, 'heartbeat')) === 'admitted') {
    if (performance.now() > end) return false;
    await delay(PROBE_INTERVAL);
  }
  return true;
}

const stillRunningError = (problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('shutdown-failed', `The kernel ${problem}.`, {
    hint: 'End it where it was started (Ctrl-C in the terminal of "start"), or kill its process.',
    cause,
  });
