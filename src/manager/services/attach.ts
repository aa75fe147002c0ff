import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { Kernel } from '@jupyterlab/services';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { AttachedHost } from './attached-host.js';
import { deferred } from '../../support/deferred.js';
import { openKernelChannels, type ChannelSecurity } from '../client/kernel-channels.js';
import { kernelSpecModels, LocalKernelSpecAPIClient } from './kernelspec-api-client.js';
import { quietOwnKernels } from './quiet-services.js';
import { localServerSettings } from './server-settings.js';
import { loadServices } from './load-services.js';

/** How to attach to a running kernel. */
export interface AttachOptions {
  /** Our own pair, where the connection file is a grant to its public key. Default: the pair in the file. */
  readonly client?: CurvePair;
  /** The kernel's secret key, where it was given to the kernel by environment and we have it too. */
  readonly secretKey?: Secret;
  /** Milliseconds for the handshakes, and then for the first answer. Default 4,500. */
  readonly timeout?: number;
  /** Whether comms that the kernel opens are handled by this connection; upstream's default is true. */
  readonly handleComms?: boolean;
  /** The name in the headers of requests. */
  readonly username?: string;
  readonly signal?: AbortSignal;
  /** Told about errors that no caller waits for: why the connection was lost, or a message that had to be dropped. */
  readonly onError?: (error: unknown) => void;
}

/** A connection to a kernel that somebody else runs. */
export interface AttachedKernel extends AsyncDisposable {
  readonly connection: Kernel.IKernelConnection;
  /** How the channels are protected, by the sockets' own account; undefined while there are none. */
  security(): ChannelSecurity | undefined;
  /** Disposes the connection; the kernel goes on. */
  close(): Promise<void>;
}

/**
 * Attaches to a running kernel by its connection file: one with a shared pair (JEP 145), a grant to our own pair, or one without
 * keys. Resolves when all channels work in both directions.
 *
 * The kernel can be interrupted and shut down, which is done by messages, but not restarted. When the connection is lost it
 * tries once to reach a kernel at the same address, and then counts the kernel as dead.
 *
 * @throws CurveKernelError `connection-file-*`, `key-*`, `peer-*`, each within the timeout; the reason of the signal.
 */
export async function attach(file: string, options: AttachOptions = {}): Promise<AttachedKernel> {
  const { client, secretKey, timeout = 4500, signal, onError = () => undefined, ...rest } = options;
  const connection = await readConnectionFile(file, secretKey === undefined ? {} : { secretKey });
  const services = await loadServices();
  const { KernelConnection } = await import('@jupyterlab/services/lib/kernel/default.js');
  signal?.throwIfAborted();

  const opened = deferred<undefined>();
  let attached = false;
  const model = { id: kernelIdOf(file), name: connection.kernelName ?? '' };
  const host = new AttachedHost({
    model,
    timeout,
    onError: (error) => {
      if (attached) onError(error);
    },
    openKernelChannels: async (socket, closing) => {
      try {
        const link = await openKernelChannels({
          connection,
          timeout,
          ...(client === undefined ? {} : { client }),
          signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
          receive: (channel, message) => socket.receive(channel, message),
          rejected: (error, channel) => {
            if (!attached) onError(error);
            socket.dropped(error, channel);
          },
          failed: (error) => socket.failed(error),
        });
        setImmediate(opened.resolve, undefined); // after the connection has heard that it is open
        return link;
      } catch (error) {
        opened.reject(error);
        throw error;
      }
    },
  });
  const quiet = quietOwnKernels(console, { isOwn: (id) => id === model.id, isReconnecting: () => false });
  const serverSettings = localServerSettings(services, host, kernelSpecModels);
  const kernel = new KernelConnection({
    model,
    serverSettings,
    kernelAPIClient: host.apiClient(serverSettings),
    kernelSpecAPIClient: new LocalKernelSpecAPIClient(serverSettings, kernelSpecModels),
    ...rest,
  });
  kernel.disposed.connect(settleReconnection);
  try {
    await opened.promise;
  } catch (error) {
    quiet[Symbol.dispose]();
    throw error;
  }
  attached = true;

  const close = async (): Promise<void> => {
    const socket = host.socket;
    const closed = socket?.suspend();
    kernel.dispose();
    await closed;
    quiet[Symbol.dispose]();
  };
  return { connection: kernel, security: () => host.socket?.link?.security(), close, [Symbol.asyncDispose]: close };
}

/**
 * A connection that reconnects by itself waits for its own signal, and disposed meanwhile it would reject a promise that nobody
 * holds, which ends a Node process. So the wait ends first.
 */
function settleReconnection(kernel: Kernel.IKernelConnection): void {
  if (kernel.connectionStatus !== 'connecting') return;
  const { connectionStatusChanged: signal } = kernel;
  if ('emit' in signal && typeof signal.emit === 'function') signal.emit('connected');
}

/** Jupyter names connection files `kernel-<id>.json`. */
function kernelIdOf(file: string): string {
  return /^kernel-(.+)\.json$/.exec(basename(file))?.[1] ?? randomUUID();
}
