import { CurveKernelError } from '../../errors.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import type { ZmqSocket } from './zmq-socket.js';

/** A kernel, who is connected to it, and what it was last seen doing. */
export interface KernelEntry {
  readonly kernel: ManagedKernel;
  readonly sockets: Set<ZmqSocket>;
  executionState: string | undefined;
  lastActivity: Date;
  /** While somebody restarts or ends it by the directory: its sockets are told afterwards. */
  managed: boolean;
}

/** One kernel as Jupyter's REST API describes it. */
export interface KernelModel {
  readonly id: string;
  readonly name: string;
  readonly execution_state: string;
  readonly last_activity: string;
  readonly connections: number;
}

/** Whether a socket is open for upstream, and has no channels behind it. */
export const hasNoChannels = (socket: ZmqSocket): boolean => socket.readyState === 1 && socket.link === undefined;

/** What Jupyter's REST API would say of a kernel. */
export function toModel({ kernel, sockets, executionState, lastActivity }: KernelEntry): KernelModel {
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
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const stop of stops) stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stops = [kernel.on('restarted', done), kernel.on('dead', done), kernel.on('closed', done)];
      signal.addEventListener('abort', done);
    });
  }
  if (kernel.state === 'ready') return;
  throw new CurveKernelError('kernel-died', `The kernel ${kernel.id} is dead.`, {
    hint: 'Start another one.',
    data: { kernelId: kernel.id },
  });
}
