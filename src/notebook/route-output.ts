import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** Takes one iopub message. */
type Receiver = (message: KernelMessage.IIOPubMessage) => void;

/** Passes each iopub message of a kernel to the receiver of the request that caused it. */
export interface OutputRouter extends Disposable {
  /** From now on, until the router is disposed, `receive` gets the messages that the request of that id causes. */
  route(requestId: string, receive: Receiver): void;
}

/**
 * Listens to a kernel for as long as a notebook runs: a cell may produce output after it has ended, or update a display of an earlier cell,
 * which a future does not receive.
 */
export function routeOutput(kernel: Kernel.IKernelConnection): OutputRouter {
  const receivers = new Map<string, Receiver>();
  const pass = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    if ('msg_id' in message.parent_header) receivers.get(message.parent_header.msg_id)?.(message);
  };
  kernel.iopubMessage.connect(pass);
  return {
    route: (requestId, receive) => void receivers.set(requestId, receive),
    [Symbol.dispose]: () => void kernel.iopubMessage.disconnect(pass),
  };
}
