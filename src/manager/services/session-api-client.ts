import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Kernel, ServerConnection, Session } from '@jupyterlab/services';
import { CurveKernelError } from '../../errors.js';
import { definedOnly } from '../../support/defined-only.js';
import type { KernelDirectory } from './kernel-directory.js';
import type { PollStopper } from './poll-stopper.js';

/** A session without the state of its kernel. */
type SessionRecord = Omit<Session.IModel, 'kernel'> & { readonly kernelId: string };

type Update = Parameters<Session.ISessionAPIClient['update']>[0];

/** A running kernel by its id, or a new one by its name. */
type KernelChoice = Partial<Pick<Kernel.IModel, 'id' | 'name'>>;

/** Dependencies of {@link LocalSessionAPIClient}. */
export interface SessionAPIClientOptions {
  readonly serverSettings: ServerConnection.ISettings;
  readonly kernels: KernelDirectory;
  readonly defaultKernel: () => Promise<string>;
  /** The folder that session paths are relative to: a kernel starts in the folder of its session's file. */
  readonly root: string;
  /** Stops the poll of SessionManager. */
  readonly poll: PollStopper;
}

/**
 * The session API of a Jupyter server, answered from memory and a {@link KernelDirectory}. A session ties a document to a kernel; its model's kernel is null once the
 * kernel has ended.
 */
export class LocalSessionAPIClient implements Session.ISessionAPIClient {
  readonly serverSettings: ServerConnection.ISettings;
  readonly #options: SessionAPIClientOptions;
  readonly #sessions = new Map<string, SessionRecord>();
  /** Sessions that are being created, by path: a second request for a path gets the same session. */
  readonly #starting = new Map<string, Promise<Session.IModel>>();
  /** The last kernel change under way, by session. */
  readonly #changing = new Map<string, Promise<void>>();

  constructor(options: SessionAPIClientOptions) {
    this.serverSettings = options.serverSettings;
    this.#options = options;
  }

  listRunning(): Promise<Session.IModel[]> {
    return this.#options.poll.pass(async () => [...this.#sessions.values()].map((session) => this.#toModel(session)));
  }

  async getModel(id: string): Promise<Session.IModel> {
    return this.#toModel(this.#session(id));
  }

  /** Returns the session of that path, or a new one. */
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

  /**
   * Renames a session, moves it, or gives it another kernel and shuts down the old one. Kernel changes of one session run one after the
   * other; if the session ends meanwhile, the new kernel is shut down too.
   */
  async update(update: Update): Promise<Session.IModel> {
    const { id, kernel } = update;
    if (!kernel) return this.#toModel(this.#merge(update));
    const change = (this.#changing.get(id) ?? Promise.resolve()).then(() => this.#changeKernel(update, kernel));
    const settled = change.catch(() => undefined);
    this.#changing.set(id, settled);
    await settled;
    if (this.#changing.get(id) === settled) this.#changing.delete(id);
    await change;
    return this.#toModel(this.#session(id));
  }

  async #changeKernel(update: Update, wanted: KernelChoice): Promise<void> {
    const { kernels } = this.#options;
    const path = update.path ?? this.#session(update.id).path;
    const kernelId = await this.#kernelFor(path, wanted);
    const before = this.#sessions.get(update.id)?.kernelId;
    if (before === undefined && wanted.id === undefined) await kernels.shutdown(kernelId);
    this.#merge(update, kernelId);
    if (before !== undefined && before !== kernelId) await kernels.shutdown(before);
  }

  /** Merges an update into the current session. */
  #merge({ id, path, name, type }: Update, kernelId?: string): SessionRecord {
    const merged = { ...this.#session(id), ...definedOnly({ path, name, type, kernelId }) };
    this.#sessions.set(id, merged);
    return merged;
  }

  async #start({ path, name, type, kernel }: Session.ISessionOptions): Promise<Session.IModel> {
    const kernelId = await this.#kernelFor(path, kernel ?? {});
    const session = { id: randomUUID(), path, name, type, kernelId };
    this.#sessions.set(session.id, session);
    return this.#toModel(session);
  }

  async #kernelFor(path: string, { id, name }: KernelChoice): Promise<string> {
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
