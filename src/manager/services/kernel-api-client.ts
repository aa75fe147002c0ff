import type { Kernel, ServerConnection } from '@jupyterlab/services';
import type { KernelDirectory } from './kernel-directory.js';
import type { PollStopper } from './poll-stopper.js';

/** The kernel API of a Jupyter server, answered by a {@link KernelDirectory}. Errors of the manager pass unchanged. */
export function localKernelAPIClient(
  serverSettings: ServerConnection.ISettings,
  kernels: KernelDirectory,
  defaultKernel: () => Promise<string>,
  poll: PollStopper,
): Kernel.IKernelAPIClient {
  return {
    serverSettings,
    listRunning: () => poll.pass(async () => kernels.models()),
    getModel: async (id) => kernels.model(id),
    startNew: async ({ name } = {}) => {
      const kernel = await kernels.start(name ?? (await defaultKernel()));
      return kernels.model(kernel.id) ?? { id: kernel.id, name: kernel.spec.name };
    },
    restart: (id) => kernels.restart(id),
    interrupt: async (id) => kernels.get(id).interrupt(),
    shutdown: (id) => kernels.shutdown(id),
  };
}
