import type { Kernel } from '@jupyterlab/services';
import { deferred } from '../support/deferred.js';

/** Watches for the loss of a kernel. */
export interface KernelWatch extends Disposable {
  /** Resolves when the kernel died or restarted, or its connection is lost. Never rejects. */
  readonly lost: Promise<'lost'>;
}

const LOST = new Set<string>(['dead', 'restarting', 'autorestarting', 'terminating']);

/** Watches a kernel until it is disposed: requests to a kernel that is lost are never answered. */
export function watchKernel(kernel: Kernel.IKernelConnection): KernelWatch {
  const { promise: lost, resolve } = deferred<'lost'>();
  const look = (): void => {
    if (kernel.isDisposed || LOST.has(kernel.status) || kernel.connectionStatus === 'disconnected') resolve('lost');
  };
  kernel.statusChanged.connect(look);
  kernel.connectionStatusChanged.connect(look);
  kernel.disposed.connect(look);
  look();
  return {
    lost,
    [Symbol.dispose]: () => {
      kernel.statusChanged.disconnect(look);
      kernel.connectionStatusChanged.disconnect(look);
      kernel.disposed.disconnect(look);
    },
  };
}
