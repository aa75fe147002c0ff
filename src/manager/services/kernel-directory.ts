import type { OwnKernels } from './quiet-services.js';
import { CurveKernelError } from '../../errors.js';
import type { Channel, Message } from '../../protocol/message.js';
import { perSocket } from '../../connection/per-socket.js';
import { openKernelChannels, type ChannelSecurity, type KernelChannels } from '../client/kernel-channels.js';
import { hasNoChannels, toModel, waitUntilReady, type KernelEntry, type KernelModel } from './kernel-entry.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import { startKernel, type StartKernelOptions } from '../lifecycle/start-kernel.js';
import { reportedState, type SocketHost, type ZmqSocket } from './zmq-socket.js';

/** What a {@link KernelDirectory} is given. */
export interface KernelDirectoryOptions {
  /** For every kernel that is started. */
  readonly start: Omit<StartKernelOptions, 'kernelName' | 'id' | 'connectionFile' | 'signal'>;
  /** Told about errors that no caller waits for, such as why a kernel died. */
  readonly onError: (kernelId: string, error: unknown) => void;
}

/** Milliseconds for a kernel's process to end after its connections did, before it counts as alive and merely cut off. */
const DEATH_TIMEOUT = 1000;
/** Milliseconds in which a connection that is told of a restart opens its next socket. */
const RECONNECT_TIMEOUT = 100;
/** Dials to a kernel that is ready by its own account. */
const MAX_DIALS = 3;

/** The kernels of one {@link connectServices}, and the sockets that are open to them. */
export class KernelDirectory implements SocketHost, OwnKernels {
  readonly #options: KernelDirectoryOptions;
  readonly #entries = new Map<string, KernelEntry>();
  /** Of all kernels that a connection was opened to, also of those that are gone. */
  readonly #ids = new Set<string>();
  /** Kernels that were restarted a moment ago: the connection that asked for it connects again by itself. */
  #restarted = 0;
  readonly #closing = new AbortController();
  readonly #starting = new Set<Promise<unknown>>();
  /** Clients that were told to open another socket, and have not yet. */
  readonly #reconnecting = new Set<string>();

  constructor(options: KernelDirectoryOptions) {
    this.#options = options;
  }

  /** Starts a kernel. @throws CurveKernelError what {@link startKernel} throws; `transport-closed` after {@link close}. */
  async start(kernelName: string, cwd?: string): Promise<ManagedKernel> {
    if (this.#closing.signal.aborted) throw closed();
    const { signal } = this.#closing;
    const starting = startKernel({ ...this.#options.start, kernelName, signal, ...(cwd === undefined ? {} : { cwd }) });
    const settled = starting.then(
      (kernel) => this.#add(kernel),
      () => undefined,
    );
    this.#starting.add(settled);
    void settled.then(() => this.#starting.delete(settled));
    return starting;
  }

  isOwn(kernelId: string): boolean {
    return this.#ids.has(kernelId);
  }

  isReconnecting(): boolean {
    return this.#reconnecting.size > 0 || this.#restarted > 0;
  }

  /** @throws CurveKernelError `kernel-unknown`. */
  get(id: string): ManagedKernel {
    return this.#entry(id).kernel;
  }

  model(id: string): KernelModel | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : toModel(entry);
  }

  models(): KernelModel[] {
    return [...this.#entries.values()].map(toModel);
  }

  /** Restarts a kernel. Whoever asked opens a new socket when this resolves; the other sockets are told then. */
  async restart(id: string): Promise<void> {
    const entry = this.#entry(id);
    await this.#manage(entry, () => entry.kernel.restart());
  }

  /** Ends a kernel; nothing happens when there is none. */
  async shutdown(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) await this.#manage(entry, () => entry.kernel.shutdown());
  }

  /** How the channels to a kernel are protected: as a client's sockets say, or, without a client, those of its manager. */
  security(id: string): ChannelSecurity {
    const { kernel, sockets } = this.#entry(id);
    const link = [...sockets].find((socket) => socket.link !== undefined)?.link;
    if (link !== undefined) return link.security();
    const { fingerprint, sockets: own } = kernel.security;
    return perSocket((name) => ({ ...own[name], ...(fingerprint === undefined ? {} : { fingerprint }) }));
  }

  /**
   * Tells all connections that their kernels are dead. Only when this resolves may they be disposed: one that waits for its next
   * socket would reject a promise that nobody holds.
   */
  async release(): Promise<void> {
    this.#closing.abort(closed());
    for (const entry of this.#entries.values()) this.#announce(entry, 'dead', () => true);
    while (this.#reconnecting.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** Ends all kernels, also those that are just starting. @throws the first error of those that could not be ended. */
  async close(): Promise<void> {
    await this.release();
    await Promise.all(this.#starting);
    const ends = await Promise.allSettled([...this.#entries.keys()].map((id) => this.shutdown(id)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async open(socket: ZmqSocket, signal: AbortSignal): Promise<KernelChannels> {
    this.#ids.add(socket.kernelId);
    this.#reconnecting.delete(socket.clientId);
    if (this.#closing.signal.aborted) throw closed();
    const entry = this.#entry(socket.kernelId);
    entry.sockets.add(socket);
    const { kernel } = entry;
    for (let dials = 1; ; dials++) {
      await waitUntilReady(kernel, signal);
      const { connection, info } = kernel;
      try {
        return await openKernelChannels({
          connection,
          info,
          signal,
          receive: (channel, message) => socket.receive(channel, message),
          rejected: (error, channel) => socket.dropped(error, channel),
          failed: (error) => socket.failed(error),
        });
      } catch (error) {
        // It may have died, or been restarted elsewhere, while we dialed.
        if (signal.aborted || (kernel.state === 'ready' && dials >= MAX_DIALS)) throw error;
      }
    }
  }

  lost(socket: ZmqSocket): void {
    const entry = this.#entries.get(socket.kernelId);
    if (entry === undefined || entry.managed || entry.kernel.state !== 'ready') return;
    // Most often its process is ending, and the kernel says so itself before this.
    setTimeout(() => {
      if (entry.kernel.state === 'ready' && !entry.managed) this.#announce(entry, 'restarting', hasNoChannels);
    }, DEATH_TIMEOUT).unref();
  }

  closed(socket: ZmqSocket): void {
    const entry = this.#entries.get(socket.kernelId);
    entry?.sockets.delete(socket);
    if (entry?.sockets.size === 0) entry.executionState = undefined; // nobody looks any more
  }

  received(socket: ZmqSocket, channel: Channel, message: Message): void {
    const entry = this.#entries.get(socket.kernelId);
    if (entry === undefined) return;
    entry.lastActivity = new Date();
    entry.executionState = reportedState(channel, message) ?? entry.executionState;
  }

  executionState(kernelId: string): string | undefined {
    return this.#entries.get(kernelId)?.executionState;
  }

  report(kernelId: string, error: unknown): void {
    if (!this.#closing.signal.aborted) this.#options.onError(kernelId, error);
  }

  #add(kernel: ManagedKernel): void {
    const entry: KernelEntry = {
      kernel,
      sockets: new Set(),
      executionState: undefined,
      lastActivity: new Date(),
      managed: false,
    };
    this.#entries.set(kernel.id, entry);
    kernel.on('restarting', () => {
      this.#entries.set(kernel.id, entry); // it may have been dead
      entry.executionState = undefined;
      for (const socket of entry.sockets) void socket.suspend();
    });
    kernel.on('restarted', () => {
      if (!entry.managed) this.#announce(entry, 'restarting', hasNoChannels);
    });
    kernel.on('dead', ({ error }) => {
      this.report(kernel.id, error);
      this.#remove(entry);
    });
    kernel.on('closed', () => this.#remove(entry));
  }

  async #manage(entry: KernelEntry, act: () => Promise<void>): Promise<void> {
    entry.managed = true;
    const before = [...entry.sockets];
    await Promise.all(before.map((socket) => socket.suspend()));
    try {
      await act();
    } finally {
      entry.managed = false;
      // By then whoever asked has closed its own socket.
      this.#restarted += 1;
      setImmediate(() => {
        this.#restarted -= 1;
        this.#announce(entry, 'restarting', (socket) => before.includes(socket) && hasNoChannels(socket));
      });
    }
  }

  #remove(entry: KernelEntry): void {
    this.#entries.delete(entry.kernel.id);
    this.#announce(entry, 'dead', () => true);
  }

  #announce(entry: KernelEntry, state: 'restarting' | 'dead', which: (socket: ZmqSocket) => boolean): void {
    for (const socket of [...entry.sockets].filter(which)) {
      if (state === 'restarting') this.#expect(socket.clientId);
      socket.announce(state);
    }
  }

  #expect(clientId: string): void {
    this.#reconnecting.add(clientId);
    setTimeout(() => this.#reconnecting.delete(clientId), RECONNECT_TIMEOUT).unref(); // or it was disposed meanwhile
  }

  #entry(id: string): KernelEntry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new CurveKernelError('kernel-unknown', `There is no kernel ${id}.`, {
      hint: 'It may have died or been shut down; start another one.',
      data: { kernelId: id },
    });
  }
}

const closed = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'These services are closed.', { hint: 'Call connectServices again.' });
