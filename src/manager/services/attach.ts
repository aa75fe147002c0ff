import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { Kernel } from '@jupyterlab/services';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { AttachedHost } from './attached-host.js';
import { definedOnly } from '../../support/defined-only.js';
import { deferred } from '../../support/deferred.js';
import { openKernelChannels, type ChannelSecurity } from '../client/kernel-channels.js';
import { kernelSpecModels } from './kernelspec-models.js';
import { quietOwnKernels } from './quiet-services.js';
import { localServerSettings } from './server-settings.js';
import { loadServices } from './load-services.js';

/** Options of {@link attach}. */
export interface AttachOptions {
  /** The user's own pair, if the connection file is a grant to its public key. Default: the pair in the file. */
  readonly client?: CurvePair;
  /** The kernel's secret key, if it is not in the file because the kernel got it by environment. */
  readonly secretKey?: Secret;
  /** Milliseconds for the handshakes, and then for the first reply. Default 4,500. */
  readonly timeout?: number;
  /** If false, this connection ignores comms that the kernel opens. Upstream's default is true. */
  readonly handleComms?: boolean;
  /** The name in the headers of requests. */
  readonly username?: string;
  readonly signal?: AbortSignal;
  /** Called for errors that no caller waits for: why the connection was lost, or a message that was dropped. */
  readonly onError?: (error: unknown) => void;
}

/** A connection to a kernel that another program started. */
export interface AttachedKernel extends AsyncDisposable {
  readonly connection: Kernel.IKernelConnection;
  /** Protection of the channels, as the sockets themselves report it; undefined while there are none. */
  security(): ChannelSecurity | undefined;
  /** Disposes the connection; the kernel goes on. */
  close(): Promise<void>;
}

/**
 * Attaches to a running kernel by its connection file: one with a shared pair (JEP 145), a grant to the user's own pair, or one without
 * keys. Resolves when all channels work in both directions.
 *
 * The kernel can be interrupted and shut down, which is done by messages, but not restarted. When the connection is lost it
 * tries once to reach a kernel at the same address, and then counts the kernel as dead.
 *
 * @throws CurveKernelError `connection-file-*`, `key-*`, `peer-*`, each within the timeout; the reason of the signal.
 */
export async function attach(file: string, options: AttachOptions = {}): Promise<AttachedKernel> {
  const { client, secretKey, timeout = 4500, signal, onError = () => undefined, ...rest } = options;
  const connection = await readConnectionFile(file, definedOnly({ secretKey }));
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
    openChannels: async (socket, closing) => {
      try {
        const channels = await openKernelChannels({
          connection,
          timeout,
          ...definedOnly({ client }),
          signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
          receive: (channel, message) => socket.receive(channel, message),
          rejected: (error, channel) => {
            if (!attached) onError(error);
            socket.dropped(error, channel);
          },
          failed: (error) => socket.failed(error),
        });
        setImmediate(opened.resolve, undefined); // after the connection has heard that it is open
        return channels;
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
    kernelSpecAPIClient: { serverSettings, get: kernelSpecModels },
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
  return { connection: kernel, security: () => host.socket?.channels?.security(), close, [Symbol.asyncDispose]: close };
}

/**
 * A connection that reconnects by itself waits for its own signal. Disposed meanwhile it would reject a promise without a handler, which
 * ends a Node process, so the wait is ended first.
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
