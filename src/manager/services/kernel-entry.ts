import type { Kernel } from '@jupyterlab/services';
import { CurveKernelError } from '../../errors.js';
import { deferred } from '../../support/deferred.js';
import { orAborted } from '../../support/abort.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import type { ZmqSocket } from './zmq-socket.js';

/** A kernel, the sockets that are connected to it, and its last known activity. */
export interface KernelEntry {
  readonly kernel: ManagedKernel;
  readonly sockets: Set<ZmqSocket>;
  executionState: string | undefined;
  lastActivity: Date;
  /** True while a call of the directory restarts or ends the kernel: its sockets are told afterwards. */
  isChanging: boolean;
}

/** The model of a kernel in Jupyter's REST API. */
export function toModel({ kernel, sockets, executionState, lastActivity }: KernelEntry): Kernel.IModel {
  return {
    id: kernel.id,
    name: kernel.spec.name,
    execution_state: kernel.state === 'ready' ? (executionState ?? 'idle') : kernel.state,
    last_activity: lastActivity.toISOString(),
    connections: sockets.size,
  };
}

/** Waits for a kernel that is restarting. @throws CurveKernelError `kernel-died`; the reason of the signal. */
export async function waitUntilReady(kernel: ManagedKernel, signal: AbortSignal): Promise<void> {
  while (kernel.state === 'restarting') {
    const { promise, resolve } = deferred<undefined>();
    const stops = (['restarted', 'dead', 'closed'] as const).map((event) => kernel.on(event, () => resolve(undefined)));
    try {
      await orAborted(signal, promise);
    } finally {
      for (const stop of stops) stop();
    }
  }
  if (kernel.state === 'ready') return;
  throw new CurveKernelError('kernel-died', `The kernel ${kernel.id} is dead.`, {
    hint: 'Start another one.',
    data: { kernelId: kernel.id },
  });
}
