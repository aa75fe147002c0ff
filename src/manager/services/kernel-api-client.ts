import type { Kernel, ServerConnection } from '@jupyterlab/services';
import type { KernelDirectory } from './kernel-directory.js';
import { createPollStopper } from './poll-stopper.js';

/** The kernel API of a Jupyter server, answered by a {@link KernelDirectory}. Errors of the manager pass unchanged. */
export class LocalKernelAPIClient implements Kernel.IKernelAPIClient {
  readonly serverSettings: ServerConnection.ISettings;
  /** Stops the poll of KernelManager. */
  readonly poll = createPollStopper();
  readonly #kernels: KernelDirectory;
  readonly #defaultKernel: () => Promise<string>;

  constructor(
    serverSettings: ServerConnection.ISettings,
    kernels: KernelDirectory,
    defaultKernel: () => Promise<string>,
  ) {
    this.serverSettings = serverSettings;
    this.#kernels = kernels;
    this.#defaultKernel = defaultKernel;
  }

  listRunning(): Promise<Kernel.IModel[]> {
    return this.poll.pass(async () => this.#kernels.models());
  }

  async getModel(id: string): Promise<Kernel.IModel | undefined> {
    return this.#kernels.model(id);
  }

  /** Resolves when the kernel is ready. */
  async startNew(options: { readonly name?: string } = {}): Promise<Kernel.IModel> {
    const kernel = await this.#kernels.start(options.name ?? (await this.#defaultKernel()));
    return this.#kernels.model(kernel.id) ?? { id: kernel.id, name: kernel.spec.name };
  }

  restart(id: string): Promise<void> {
    return this.#kernels.restart(id);
  }

  async interrupt(id: string): Promise<void> {
    await this.#kernels.get(id).interrupt();
  }

  shutdown(id: string): Promise<void> {
    return this.#kernels.shutdown(id);
  }
}
