import type { Kernel } from '@jupyterlab/services';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { definedOnly } from '../../support/defined-only.js';
import { attach } from '../../manager/services/attach.js';
import { connectServices, type LocalServices } from '../../manager/services/connect-services.js';
import type { ManagerWarning, TransportEncryption } from '../../launch/encryption-policy.js';
import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { findCredentials, type ExistingArguments } from '../options/existing-kernel.js';
import type { Interruption } from '../interruption.js';

/** The kernel of a run. Disposing ends a kernel that was started for the run; one that was running already goes on. */
export interface RunKernel extends AsyncDisposable {
  readonly connection: Kernel.IKernelConnection;
  readonly name: string;
  readonly security: ChannelSecurity;
}

/** The kernel to start. */
export interface OwnKernelOptions {
  /** Default: the default kernel of Jupyter. */
  readonly name: string | undefined;
  readonly policy: TransportEncryption;
  /** The working directory. */
  readonly folder: string;
  readonly onWarning: (warning: ManagerWarning) => void;
  /** Called for errors that no caller waits for. */
  readonly onError: (error: unknown) => void;
}

/** Starts a kernel for this run. Ctrl-C before it is ready stops the start; afterwards the second Ctrl-C kills it. */
export async function startOwnKernel(options: OwnKernelOptions, interruption: Interruption): Promise<RunKernel> {
  const { name, policy, folder, onWarning, onError } = options;
  const services = await connectServices({
    transportEncryption: policy,
    cwd: folder,
    autoRestart: false,
    ipythonHistory: false,
    onWarning,
    onError: (_kernelId, error) => onError(error),
  });
  try {
    const connection = await startKernel(services, name, interruption);
    const security = services.security(connection.id);
    return { connection, security, name: connection.name, [Symbol.asyncDispose]: () => services.close() };
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** Attaches to a running kernel, with the rights of the user's key. */
export async function joinKernel(
  { existing, 'key-file': keyFile }: ExistingArguments,
  policy: TransportEncryption,
  { softAbort }: Interruption,
  onError: (error: unknown) => void,
): Promise<RunKernel> {
  const keys = await findCredentials(existing, keyFile);
  const { curve, kernelName = '' } = await readConnectionFile(existing, keys);
  if (policy === 'required' && curve === undefined) {
    throw new CurveKernelError('encryption-not-enforced', `The kernel of ${existing} is not encrypted.`, {
      hint: 'Start it with the transport encryption "required".',
    });
  }
  const options = { ...keys, signal: softAbort, handleComms: false, onError };
  const attached = await attach(existing, options).catch((error: unknown) => {
    throw softAbort.aborted ? interruptedError() : error;
  });
  const security = attached.security();
  if (security === undefined) throw new TypeError('An attached kernel has channels.');
  return { connection: attached.connection, security, name: kernelName, [Symbol.asyncDispose]: () => attached.close() };
}

async function startKernel(
  services: LocalServices,
  name: string | undefined,
  { softAbort, hardAbort }: Interruption,
): Promise<Kernel.IKernelConnection> {
  // The signal may have come already, while the libraries were loaded.
  if (softAbort.aborted) throw interruptedError();
  const stopped = new Promise<never>((_resolve, reject) => {
    softAbort.addEventListener('abort', () => reject(interruptedError()));
  });
  stopped.catch(() => undefined);
  const starting = services.kernels.startNew(definedOnly({ name }), { handleComms: false });
  starting.catch(() => undefined); // it fails without a handler when the start is stopped
  const kernel = await Promise.race([starting, stopped]);
  hardAbort.addEventListener('abort', () => {
    // What goes wrong here comes up again when the services are closed.
    services
      .managedKernel(kernel.id)
      .shutdown({ now: true })
      .catch(() => undefined);
  });
  return kernel;
}

const interruptedError = (): CurveKernelError =>
  new CurveKernelError('interrupted', 'Interrupted before the kernel was ready.', { hint: 'Run it again.' });
