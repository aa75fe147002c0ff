import type { KernelManager, KernelSpecManager, SessionManager } from '@jupyterlab/services';
import { localKernelAPIClient } from './kernel-api-client.js';
import { KernelDirectory } from './kernel-directory.js';
import type { ChannelSecurity } from '../client/kernel-channels.js';
import { kernelSpecModels } from './kernelspec-models.js';
import { createPollStopper } from './poll-stopper.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import { quietOwnKernels } from './quiet-services.js';
import { localServerSettings } from './server-settings.js';
import { loadServices } from './load-services.js';
import { LocalSessionAPIClient } from './session-api-client.js';
import type { StartKernelOptions } from '../lifecycle/start-kernel.js';
import { definedOnly } from '../../support/defined-only.js';

/** Options of {@link connectServices}. */
export interface ConnectServicesOptions extends Omit<
  StartKernelOptions,
  'kernelName' | 'id' | 'connectionFile' | 'signal' | 'findKernelSpec' | 'onError'
> {
  /** Name of the kernel to start when none is given. */
  readonly defaultKernel?: string;
  /** The folder that session paths are relative to. Default: the working directory. */
  readonly root?: string;
  /** Called for errors that no caller waits for: why a kernel died, or a message that was dropped. */
  readonly onError?: (kernelId: string, error: unknown) => void;
}

/** The managers of `@jupyterlab/services` for kernels of this machine. */
export interface LocalServices extends AsyncDisposable {
  readonly kernels: KernelManager;
  readonly sessions: SessionManager;
  readonly specs: KernelSpecManager;
  /** The kernel behind a connection. @throws CurveKernelError `kernel-unknown`. */
  managedKernel(kernelId: string): ManagedKernel;
  /** Protection of a kernel's channels, as the sockets themselves report it. @throws CurveKernelError `kernel-unknown`. */
  security(kernelId: string): ChannelSecurity;
  /** Disposes the managers and ends all kernels that they started. @throws CurveKernelError `shutdown-failed`. */
  close(): Promise<void>;
}

/**
 * Creates the KernelManager, SessionManager and KernelSpecManager of `@jupyterlab/services`, unmodified, for local kernels that are reached
 * by (Curve)ZMQ without a server. Errors of starting, restarting and ending kernels are CurveKernelErrors.
 *
 * The managers poll, which keeps the process alive, until {@link LocalServices.close}. Their lines on `console.debug` and `console.warn` about
 * these kernels are removed; other lines are not touched.
 */
export async function connectServices(options: ConnectServicesOptions = {}): Promise<LocalServices> {
  const { defaultKernel, root = process.cwd(), onError = () => undefined, ...start } = options;
  const services = await loadServices();
  const env = { ...process.env, ...start.env };
  const models = () => kernelSpecModels({ env, ...definedOnly({ defaultKernel }) });
  const chooseKernel = async (): Promise<string> => defaultKernel ?? (await models()).default;

  const directory = new KernelDirectory({ start: { ...start, onError }, onError });
  const quiet = quietOwnKernels(console, directory);
  const serverSettings = localServerSettings(services, directory, models);
  const [kernelPoll, sessionPoll, specPoll] = [createPollStopper(), createPollStopper(), createPollStopper()];
  const kernels = new services.KernelManager({
    serverSettings,
    kernelAPIClient: localKernelAPIClient(serverSettings, directory, chooseKernel, kernelPoll),
    // Not polled: connections that ask for their kernelspec must get an answer even when the poll is stopped.
    kernelSpecAPIClient: { serverSettings, get: models },
  });
  const sessions = new services.SessionManager({
    serverSettings,
    kernelManager: kernels,
    sessionAPIClient: new LocalSessionAPIClient({
      serverSettings,
      kernels: directory,
      defaultKernel: chooseKernel,
      root,
      poll: sessionPoll,
    }),
  });
  const specs = new services.KernelSpecManager({
    serverSettings,
    kernelSpecAPIClient: { serverSettings, get: () => specPoll.pass(models) },
  });
  // Their first polls: a manager that is disposed before them rejects a promise without a handler.
  await Promise.all([kernels.ready, sessions.ready, specs.ready]);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      await directory.release();
      await Promise.all([
        kernelPoll.stop(() => kernels.refreshRunning()),
        sessionPoll.stop(() => sessions.refreshRunning()),
        specPoll.stop(() => specs.refreshSpecs()),
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
