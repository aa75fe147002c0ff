import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ServerConnection, Session } from '@jupyterlab/services';
import { CurveKernelError } from '../errors.js';
import type { KernelDirectory } from './kernel-directory.js';
import { createPollBrake } from './poll-brake.js';

/** What is known of a session beside its kernel. */
interface SessionRecord {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly kernelId: string;
}

type Update = Parameters<Session.ISessionAPIClient['update']>[0];

/** What a {@link LocalSessionAPIClient} is made of. */
export interface SessionAPIClientOptions {
  readonly serverSettings: ServerConnection.ISettings;
  readonly kernels: KernelDirectory;
  readonly defaultKernel: () => Promise<string>;
  /** The folder that session paths are relative to: a kernel starts in the folder of its session's file. */
  readonly root: string;
}

/**
 * The session API of a Jupyter server, without one. A session ties a document to a kernel; its model's kernel is null once the
 * kernel is gone.
 */
export class LocalSessionAPIClient implements Session.ISessionAPIClient {
  readonly serverSettings: ServerConnection.ISettings;
  /** What SessionManager polls. */
  readonly poll = createPollBrake();
  readonly #options: SessionAPIClientOptions;
  readonly #sessions = new Map<string, SessionRecord>();
  /** By path: whoever asks for a session that is being made gets that one. */
  readonly #starting = new Map<string, Promise<Session.IModel>>();

  constructor(options: SessionAPIClientOptions) {
    this.serverSettings = options.serverSettings;
    this.#options = options;
  }

  listRunning(): Promise<Session.IModel[]> {
    return this.poll.pass(async () => [...this.#sessions.values()].map((session) => this.#toModel(session)));
  }

  async getModel(id: string): Promise<Session.IModel> {
    return this.#toModel(this.#session(id));
  }

  /** The session of that path if there is one, else a new one. */
  async startNew(options: Session.ISessionOptions): Promise<Session.IModel> {
    const running = [...this.#sessions.values()].find((session) => session.path === options.path);
    if (running !== undefined) return this.#toModel(running);
    const starting = this.#starting.get(options.path) ?? this.#start(options);
    this.#starting.set(options.path, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(options.path);
    }
  }

  /** Ends the session and its kernel; nothing happens when there is none. */
  async shutdown(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    if (session !== undefined) await this.#options.kernels.shutdown(session.kernelId);
  }

  /** Renames it, moves it, or gives it another kernel: the one it had is then shut down. */
  async update(model: Update): Promise<Session.IModel> {
    const session = this.#session(model.id);
    const { path = session.path, name = session.name, type = session.type, kernel } = model;
    const kernelId = kernel ? await this.#kernelFor(path, kernel) : session.kernelId;
    const updated = { ...session, path, name, type, kernelId };
    this.#sessions.set(session.id, updated);
    if (kernelId !== session.kernelId) await this.#options.kernels.shutdown(session.kernelId);
    return this.#toModel(updated);
  }

  async #start({ path, name, type, kernel }: Session.ISessionOptions): Promise<Session.IModel> {
    const kernelId = await this.#kernelFor(path, kernel ?? {});
    const session = { id: randomUUID(), path, name, type, kernelId };
    this.#sessions.set(session.id, session);
    return this.#toModel(session);
  }

  async #kernelFor(path: string, { id, name }: { readonly id?: string; readonly name?: string }): Promise<string> {
    const { kernels, root, defaultKernel } = this.#options;
    if (id !== undefined) return kernels.get(id).id;
    const folder = dirname(resolve(root, path));
    const exists = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    return (await kernels.start(name ?? (await defaultKernel()), exists ? folder : root)).id;
  }

  #toModel({ id, path, name, type, kernelId }: SessionRecord): Session.IModel {
    return { id, path, name, type, kernel: this.#options.kernels.model(kernelId) ?? null };
  }

  #session(id: string): SessionRecord {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new CurveKernelError('kernel-unknown', `There is no session ${id}.`, {
      hint: 'It may have been shut down; start another one.',
      data: { sessionId: id },
    });
  }
}
