import type { Kernel, KernelMessage } from '@jupyterlab/services';

/** Takes one iopub message. */
type Receiver = (message: KernelMessage.IIOPubMessage) => void;

/** Passes the iopub messages of a kernel on to whoever asked for what caused them. */
export interface OutputRouter extends Disposable {
  /** From now on, until the router is disposed, `receive` gets what the request of that id causes. */
  route(requestId: string, receive: Receiver): void;
}

/**
 * Listens to a kernel for as long as a notebook runs, since a cell may put something out after it has ended, or change what an
 * earlier one shows, which a future never hears of.
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
