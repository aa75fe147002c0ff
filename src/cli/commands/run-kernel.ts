import { dirname, resolve } from 'node:path';
import type { Kernel } from '@jupyterlab/services';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { definedOnly } from '../../support/defined-only.js';
import { attach } from '../../manager/services/attach.js';
import { connectServices } from '../../manager/services/connect-services.js';
import { onAbort, orAborted } from '../../support/abort.js';
import type { ManagerWarning } from '../../launch/encryption-policy.js';
import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { findCredentials } from '../options/existing-kernel.js';
import type { RunArguments } from '../options/run-options.js';
import type { Interruption } from '../interruption.js';

/** The kernel of a run. Disposing ends a kernel that was started for the run; one that was running already goes on. */
export interface RunKernel extends AsyncDisposable {
  readonly connection: Kernel.IKernelConnection;
  readonly name: string;
  readonly security: ChannelSecurity;
}

/** Takes what no caller waits for. */
export interface RunReports {
  readonly onWarning: (warning: ManagerWarning) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Starts a kernel in the folder of the notebook, by default Jupyter's default kernel. Ctrl-C before it is ready stops the start; afterwards the
 * second Ctrl-C kills it.
 */
export async function startOwnKernel(
  name: string | undefined,
  { notebook, 'transport-encryption': transportEncryption }: RunArguments,
  { softAbort, hardAbort }: Interruption,
  { onWarning, onError }: RunReports,
): Promise<RunKernel> {
  const services = await connectServices({
    transportEncryption,
    cwd: dirname(resolve(notebook)),
    autoRestart: false,
    ipythonHistory: false,
    onWarning,
    onError: (_kernelId, error) => onError(error),
  });
  try {
    // The signal may have come already, while the libraries were loaded.
    softAbort.throwIfAborted();
    const starting = services.kernels.startNew(definedOnly({ name }), { handleComms: false });
    const connection = await orAborted(softAbort, starting);
    const kernel = services.managedKernel(connection.id);
    // What goes wrong here comes up again when the services are closed.
    onAbort(hardAbort, () => void kernel.shutdown({ now: true }).catch(() => undefined));
    const security = services.security(connection.id);
    return { connection, security, name: connection.name, [Symbol.asyncDispose]: () => services.close() };
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** Attaches to a running kernel, with the rights of the user's key. */
export async function joinKernel(
  existing: string,
  { 'key-file': keyFile, 'transport-encryption': policy }: RunArguments,
  { softAbort }: Interruption,
  onError: (error: unknown) => void,
): Promise<RunKernel> {
  const keys = await findCredentials(existing, keyFile);
  const { curve, kernelName = '' } = await readConnectionFile(existing, keys);
  if ((policy === 'required' || policy === 'native') && curve === undefined) {
    throw new CurveKernelError('encryption-not-enforced', `The kernel of ${existing} is not encrypted.`, {
      hint: 'Start it with the transport encryption "required".',
    });
  }
  const attached = await attach(existing, { ...keys, signal: softAbort, handleComms: false, onError });
  const security = attached.security();
  if (security === undefined) throw new TypeError('An attached kernel has channels.');
  return { connection: attached.connection, security, name: kernelName, [Symbol.asyncDispose]: () => attached.close() };
}
