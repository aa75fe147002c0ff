import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { deferred } from '../support/deferred.js';

/** Takes one iopub message. */
type Receiver = (message: KernelMessage.IIOPubMessage) => void;

/** Watches a kernel until it is disposed. */
export interface KernelWatch extends Disposable {
  /** Resolves when the kernel died or restarted, or its connection is lost: requests are not answered then. Never rejects. */
  readonly lost: Promise<'lost'>;
  /** From now on `receive` gets the iopub messages that the request of that id causes. */
  route(requestId: string, receive: Receiver): void;
}

const LOST = new Set<string>(['dead', 'restarting', 'autorestarting', 'terminating']);

/**
 * Watches a kernel for as long as a notebook runs: a cell may produce output after it has ended, or update a display of an earlier cell,
 * which a future does not receive.
 */
export function watchKernel(kernel: Kernel.IKernelConnection): KernelWatch {
  const { promise: lost, resolve } = deferred<'lost'>();
  const receivers = new Map<string, Receiver>();
  const look = (): void => {
    if (kernel.isDisposed || LOST.has(kernel.status) || kernel.connectionStatus === 'disconnected') resolve('lost');
  };
  const pass = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    if ('msg_id' in message.parent_header) receivers.get(message.parent_header.msg_id)?.(message);
  };
  const signals = [kernel.statusChanged, kernel.connectionStatusChanged, kernel.disposed];
  for (const signal of signals) signal.connect(look);
  kernel.iopubMessage.connect(pass);
  look();
  return {
    lost,
    route: (requestId, receive) => void receivers.set(requestId, receive),
    [Symbol.dispose]: () => {
      for (const signal of signals) signal.disconnect(look);
      kernel.iopubMessage.disconnect(pass);
    },
  };
}
