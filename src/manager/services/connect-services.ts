import type { KernelManager, KernelSpecManager, SessionManager } from '@jupyterlab/services';
import { LocalKernelAPIClient } from './kernel-api-client.js';
import { KernelDirectory } from './kernel-directory.js';
import type { ChannelSecurity } from '../client/kernel-channels.js';
import { kernelSpecModels, LocalKernelSpecAPIClient } from './kernelspec-api-client.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import { quietOwnKernels } from './quiet-services.js';
import { localServerSettings } from './server-settings.js';
import { loadServices } from './load-services.js';
import { LocalSessionAPIClient } from './session-api-client.js';
import type { StartKernelOptions } from '../lifecycle/start-kernel.js';

/** How kernels are started and found. */
export interface ConnectServicesOptions extends Omit<
  StartKernelOptions,
  'kernelName' | 'id' | 'connectionFile' | 'signal' | 'findKernelSpec' | 'onError'
> {
  /** The kernel to start when nobody says which. */
  readonly defaultKernel?: string;
  /** The folder that session paths are relative to. Default: the working directory. */
  readonly root?: string;
  /** Told about errors that no caller waits for: why a kernel died, or a message that had to be dropped. */
  readonly onError?: (kernelId: string, error: unknown) => void;
}

/** The managers of `@jupyterlab/services`, running on this machine's kernels. */
export interface LocalServices extends AsyncDisposable {
  readonly kernels: KernelManager;
  readonly sessions: SessionManager;
  readonly specs: KernelSpecManager;
  /** The kernel behind a connection. @throws CurveKernelError `kernel-unknown`. */
  managedKernel(kernelId: string): ManagedKernel;
  /** How a kernel's channels are protected, by the sockets' own account. @throws CurveKernelError `kernel-unknown`. */
  security(kernelId: string): ChannelSecurity;
  /** Disposes the managers and ends all kernels that they started. @throws CurveKernelError `shutdown-failed`. */
  close(): Promise<void>;
}

/**
 * Gives the KernelManager, SessionManager and KernelSpecManager of `@jupyterlab/services`, unmodified, on local kernels that are
 * reached by (Curve)ZMQ: there is no server. Errors of starting, restarting and ending kernels are CurveKernelErrors.
 *
 * The managers poll, which keeps the process alive, until {@link LocalServices.close}. What they write to `console.debug` and `console.warn`
 * about kernels that are opened, restarted and ended here is taken off; the rest of what is written there is left alone.
 */
export async function connectServices(options: ConnectServicesOptions = {}): Promise<LocalServices> {
  const { defaultKernel, root = process.cwd(), onError = () => undefined, ...start } = options;
  const services = await loadServices();
  const env = { ...process.env, ...start.env };
  const models = () => kernelSpecModels({ env, ...(defaultKernel === undefined ? {} : { defaultKernel }) });
  const chooseKernel = async (): Promise<string> => defaultKernel ?? (await models()).default;

  const directory = new KernelDirectory({ start: { ...start, onError }, onError });
  const quiet = quietOwnKernels(console, directory);
  const serverSettings = localServerSettings(services, directory, models);
  const kernelAPIClient = new LocalKernelAPIClient(serverSettings, directory, chooseKernel);
  const specAPIClient = new LocalKernelSpecAPIClient(serverSettings, models);
  const sessionAPIClient = new LocalSessionAPIClient({
    serverSettings,
    kernels: directory,
    defaultKernel: chooseKernel,
    root,
  });

  const kernels = new services.KernelManager({
    serverSettings,
    kernelAPIClient,
    // Not the polled one: what connections ask for their kernelspec must be answered, whatever the poll does.
    kernelSpecAPIClient: new LocalKernelSpecAPIClient(serverSettings, models),
  });
  const sessions = new services.SessionManager({ serverSettings, kernelManager: kernels, sessionAPIClient });
  const specs = new services.KernelSpecManager({ serverSettings, kernelSpecAPIClient: specAPIClient });
  // Their first polls: a manager that is disposed before rejects a promise that nobody holds.
  await Promise.all([kernels.ready, sessions.ready, specs.ready]);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      await directory.release();
      await Promise.all([
        kernelAPIClient.poll.stop(() => kernels.refreshRunning()),
        sessionAPIClient.poll.stop(() => sessions.refreshRunning()),
        specAPIClient.poll.stop(() => specs.refreshSpecs()),
      ]);
      for (const manager of [sessions, specs, kernels]) manager.dispose();
      await directory.close();
      quiet[Symbol.dispose]();
    })());
  return {
    kernels,
    sessions,
    specs,
    managedKernel: (id) => directory.get(id),
    security: (id) => directory.security(id),
    close,
    [Symbol.asyncDispose]: close,
  };
}
