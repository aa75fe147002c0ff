import type { Kernel } from '@jupyterlab/services';
import { perSocket } from '../../connection/per-socket.js';
import { CurveKernelError } from '../../errors.js';
import type { Channel, Message } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';
import { openKernelChannels, type ChannelSecurity, type KernelChannels } from '../client/kernel-channels.js';
import type { ManagedKernel } from '../lifecycle/managed-kernel.js';
import { startKernel, type StartKernelOptions } from '../lifecycle/start-kernel.js';
import { ExpectedClients } from './expected-clients.js';
import { toModel, waitUntilReady, type KernelEntry } from './kernel-entry.js';
import type { OwnKernels } from './quiet-services.js';
import { reportedState } from './services-message.js';
import type { SocketHost, ZmqSocket } from './zmq-socket.js';

/** Options of a {@link KernelDirectory}. */
export interface KernelDirectoryOptions {
  /** Options of every kernel that is started. */
  readonly start: Omit<StartKernelOptions, 'kernelName' | 'id' | 'connectionFile' | 'signal'>;
  /** Called for errors that no caller waits for, such as why a kernel died. */
  readonly onError: (kernelId: string, error: unknown) => void;
}

/** Milliseconds for a kernel's process to end after its connections did, before the kernel counts as alive and only disconnected. */
const DEATH_TIMEOUT = 1000;
/** Attempts to connect to a kernel whose manager calls it ready. */
const MAX_DIALS = 3;

/** The kernels of one {@link connectServices}, and the sockets that are open to them. */
export class KernelDirectory implements SocketHost, OwnKernels {
  readonly #options: KernelDirectoryOptions;
  readonly #entries = new Map<string, KernelEntry>();
  /** Ids of all kernels that a connection was opened to, including kernels that ended. */
  readonly #ids = new Set<string>();
  /** Clients whose next socket is expected; and, for an instant, kernels that were restarted, whose clients reconnect by themselves. */
  readonly #expected = new ExpectedClients();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: KernelDirectoryOptions) {
    this.#options = options;
  }

  /** Starts a kernel. @throws CurveKernelError as {@link startKernel} does; `transport-closed` after {@link close}. */
  async start(kernelName: string, cwd?: string): Promise<ManagedKernel> {
    const { signal } = this.#closing;
    if (signal.aborted) throw closedError();
    const starting = startKernel({ ...this.#options.start, kernelName, signal, ...definedOnly({ cwd }) });
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
    return !this.#expected.isEmpty;
  }

  /** @throws CurveKernelError `kernel-unknown`. */
  get(id: string): ManagedKernel {
    return this.#entry(id).kernel;
  }

  model(id: string): Kernel.IModel | undefined {
    const entry = this.#entries.get(id);
    return entry && toModel(entry);
  }

  models(): Kernel.IModel[] {
    return [...this.#entries.values()].map(toModel);
  }

  /** Restarts a kernel. The connection that asked for it opens a new socket when this resolves; the other sockets are told then. */
  async restart(id: string): Promise<void> {
    const entry = this.#entry(id);
    await this.#change(entry, () => entry.kernel.restart());
  }

  /** Ends a kernel; nothing happens when there is none. */
  async shutdown(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) await this.#change(entry, () => entry.kernel.shutdown());
  }

  /** Protection of the channels to a kernel, as the sockets of a client report it or, without a client, those of its manager. */
  security(id: string): ChannelSecurity {
    const { kernel, sockets } = this.#entry(id);
    const channels = [...sockets].find((socket) => socket.channels !== undefined)?.channels;
    if (channels !== undefined) return channels.security();
    const { fingerprint, sockets: own } = kernel.security;
    return perSocket((name) => ({ ...own[name], ...definedOnly({ fingerprint }) }));
  }

  /**
   * Tells all connections that their kernels are dead. Only when this resolves may they be disposed: one that waits for its next
   * socket would reject a promise without a handler.
   */
  async release(): Promise<void> {
    this.#closing.abort(closedError());
    for (const entry of this.#entries.values()) announceDeath(entry);
    await this.#expected.whenEmpty();
  }

  /** Ends all kernels, including those that are just starting. @throws the first error of those that could not be ended. */
  async close(): Promise<void> {
    await this.release();
    await Promise.all(this.#starting);
    const ends = await Promise.allSettled([...this.#entries.keys()].map((id) => this.shutdown(id)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async open(socket: ZmqSocket, signal: AbortSignal): Promise<KernelChannels> {
    this.#ids.add(socket.kernelId);
    this.#expected.arrived(socket.clientId);
    if (this.#closing.signal.aborted) throw closedError();
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
        // The kernel may have died, or been restarted by another call, during the handshakes.
        if (signal.aborted || (kernel.state === 'ready' && dials >= MAX_DIALS)) throw error;
      }
    }
  }

  lost(socket: ZmqSocket): void {
    const entry = this.#entries.get(socket.kernelId);
    if (entry === undefined || !isUndisturbed(entry)) return;
    // Most often its process is ending, and the kernel's events say so first.
    setTimeout(() => {
      if (isUndisturbed(entry)) this.#announceRestart(entry.sockets);
    }, DEATH_TIMEOUT).unref();
  }

  closed(socket: ZmqSocket): void {
    const entry = this.#entries.get(socket.kernelId);
    entry?.sockets.delete(socket);
    if (entry?.sockets.size === 0) entry.executionState = undefined; // no socket reports it any more
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
      isChanging: false,
    };
    this.#entries.set(kernel.id, entry);
    kernel.on('restarting', () => {
      this.#entries.set(kernel.id, entry); // a dead kernel is revived
      entry.executionState = undefined;
      for (const socket of entry.sockets) void socket.suspend();
    });
    kernel.on('restarted', () => {
      if (!entry.isChanging) this.#announceRestart(entry.sockets);
    });
    kernel.on('dead', ({ error }) => {
      this.report(kernel.id, error);
      this.#remove(entry);
    });
    kernel.on('closed', () => this.#remove(entry));
  }

  /** Restarts or ends a kernel. Its sockets are told afterwards, except those of the connection that asked for it. */
  async #change(entry: KernelEntry, act: () => Promise<void>): Promise<void> {
    const before = [...entry.sockets];
    entry.isChanging = true;
    await Promise.all(before.map((socket) => socket.suspend()));
    try {
      await act();
    } finally {
      entry.isChanging = false;
      this.#expected.expect(entry.kernel.id);
      // By then the connection that asked has closed its own socket.
      setImmediate(() => {
        this.#announceRestart(before.filter((socket) => entry.sockets.has(socket)));
        this.#expected.arrived(entry.kernel.id);
      });
    }
  }

  #remove(entry: KernelEntry): void {
    this.#entries.delete(entry.kernel.id);
    announceDeath(entry);
  }

  /** Makes the clients of those sockets that have no channels any more open another one. */
  #announceRestart(sockets: Iterable<ZmqSocket>): void {
    for (const socket of [...sockets].filter((one) => one.isDisconnected)) {
      this.#expected.expect(socket.clientId);
      socket.announce('restarting');
    }
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

function announceDeath({ sockets }: KernelEntry): void {
  for (const socket of sockets) socket.announce('dead');
}

/** True if the kernel is ready, and no call is restarting or ending it. */
const isUndisturbed = ({ kernel, isChanging }: KernelEntry): boolean => kernel.state === 'ready' && !isChanging;

const closedError = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'These services are closed.', { hint: 'Call connectServices again.' });
