import type { Kernel } from '@jupyterlab/services';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { attach } from '../../manager/services/attach.js';
import { connectServices, type LocalServices } from '../../manager/services/connect-services.js';
import type { ManagerWarning, TransportEncryption } from '../../launch/encryption-policy.js';
import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { findCredentials, type ExistingArguments } from '../options/existing-kernel.js';
import type { Interruption } from '../interruption.js';

/** The kernel of a run. Disposing of it ends a kernel that was started for the run, and leaves another alone. */
export interface RunKernel extends AsyncDisposable {
  readonly connection: Kernel.IKernelConnection;
  readonly name: string;
  readonly security: ChannelSecurity;
}

/** Which kernel to start. */
export interface OwnKernelOptions {
  /** Default: Jupyter's own. */
  readonly name: string | undefined;
  readonly policy: TransportEncryption;
  /** The working directory. */
  readonly folder: string;
  readonly onWarning: (warning: ManagerWarning) => void;
  /** Told about errors that no caller waits for. */
  readonly onError: (error: unknown) => void;
}

/** Starts a kernel for this run. Ctrl-C before it is ready gives it up; once it is, the second Ctrl-C kills it. */
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

/** Attaches to a running kernel, by the rights of our key. */
export async function joinKernel(
  { existing, 'key-file': keyFile }: ExistingArguments,
  policy: TransportEncryption,
  { softAbort }: Interruption,
  onError: (error: unknown) => void,
): Promise<RunKernel> {
  const keys = await findCredentials(existing, keyFile);
  const { curve, kernelName = '' } = await readConnectionFile(existing, keys);
  if (policy === 'required' && curve === undefined) {
    throw new CurveKernelError('encryption-not-enforced', `the kernel of ${existing} is not encrypted`, {
      hint: 'start it with the transport encryption "required"',
    });
  }
  const options = { ...keys, signal: softAbort, handleComms: false, onError };
  const attached = await attach(existing, options).catch((error: unknown) => {
    throw softAbort.aborted ? interrupted() : error;
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
  // It may have come already, while the libraries were loaded.
  if (softAbort.aborted) throw interrupted();
  const giveUp = new Promise<never>((_resolve, reject) => {
    softAbort.addEventListener('abort', () => reject(interrupted()));
  });
  giveUp.catch(() => undefined);
  const starting = services.kernels.startNew(name === undefined ? {} : { name }, { handleComms: false });
  starting.catch(() => undefined); // given up, it fails with nobody waiting
  const kernel = await Promise.race([starting, giveUp]);
  hardAbort.addEventListener('abort', () => {
    // What goes wrong here comes up again when the services are closed.
    services
      .managedKernel(kernel.id)
      .shutdown({ now: true })
      .catch(() => undefined);
  });
  return kernel;
}

const interrupted = (): CurveKernelError =>
  new CurveKernelError('interrupted', 'interrupted before the kernel was ready', { hint: 'run it again' });
