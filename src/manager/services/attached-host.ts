import type { Kernel, ServerConnection } from '@jupyterlab/services';
import { randomUUID } from 'node:crypto';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { createMessage } from '../../protocol/create-message.js';
import { parentId, type Channel, type JsonObject, type Message } from '../../protocol/message.js';
import type { KernelChannels } from '../client/kernel-channels.js';
import { deferred, type Deferred } from '../../support/deferred.js';
import { settlesWithin } from '../../support/timers.js';
import { messageUnreadableError, unreadableMessage } from '../../transport/client/unreadable-message.js';
import { reportedState } from './services-message.js';
import type { SocketHost, ZmqSocket } from './zmq-socket.js';

/** Options of an {@link AttachedHost}. */
export interface AttachedHostOptions {
  readonly model: { readonly id: string; readonly name: string };
  /** Opens the channels for a socket. */
  readonly openChannels: (socket: ZmqSocket, signal: AbortSignal) => Promise<KernelChannels>;
  /** Milliseconds for an answer on the control channel. */
  readonly timeout: number;
  readonly onError: (error: unknown) => void;
}

/** A kernel that another program started: it can be used, interrupted and shut down by messages, but not restarted. */
export class AttachedHost implements SocketHost {
  readonly #options: AttachedHostOptions;
  readonly #replies = new Map<string, Deferred<undefined>>();
  readonly #origin = { session: randomUUID(), username: '' };
  #socket: ZmqSocket | undefined;
  #executionState: string | undefined;

  constructor(options: AttachedHostOptions) {
    this.#options = options;
  }

  /** The socket in use: KernelConnection makes a new one whenever it reconnects. */
  get socket(): ZmqSocket | undefined {
    return this.#socket;
  }

  /** The kernel API of a Jupyter server that has this kernel only. */
  apiClient(serverSettings: ServerConnection.ISettings): Kernel.IKernelAPIClient {
    const { model } = this.#options;
    return {
      serverSettings,
      listRunning: async () => [model],
      getModel: async (id) => (id === model.id ? model : undefined),
      startNew: async () => Promise.reject(notManagedError('No kernel can be started here')),
      restart: async () => Promise.reject(notManagedError('The kernel cannot be restarted')),
      interrupt: () => this.#ask('interrupt_request', {}),
      shutdown: () => this.#ask('shutdown_request', { restart: false }),
    };
  }

  open(socket: ZmqSocket, signal: AbortSignal): Promise<KernelChannels> {
    this.#socket = socket;
    return this.#options.openChannels(socket, signal);
  }

  /** The kernel's manager may restart it at the same address: the next socket tries that. */
  lost(socket: ZmqSocket): void {
    this.#executionState = undefined;
    socket.announce('restarting');
  }

  closed(): void {
    // The next socket takes its place.
  }

  received(_: ZmqSocket, channel: Channel, message: Message): void {
    this.#executionState = reportedState(channel, message) ?? this.#executionState;
    if (channel === 'control') this.#replies.get(parentId(message) ?? '')?.resolve(undefined);
  }

  executionState(): string | undefined {
    return this.#executionState;
  }

  report(_: string, error: unknown): void {
    const { parentId: id = '' } = unreadableMessage(error) ?? {};
    if (isCurveKernelError(error)) this.#replies.get(id)?.reject(messageUnreadableError('control', error));
    this.#options.onError(error);
  }

  async #ask(msgType: string, content: JsonObject): Promise<void> {
    const channels = this.#socket?.channels;
    if (channels === undefined) throw notConnectedError(msgType);
    const request = createMessage(this.#origin, msgType, content);
    const reply = deferred<undefined>();
    this.#replies.set(request.header.msg_id, reply);
    try {
      const replied = Promise.all([reply.promise, channels.send('control', request)]);
      if (!(await settlesWithin(replied, this.#options.timeout))) throw noReplyError(msgType, this.#options.timeout);
    } finally {
      this.#replies.delete(request.header.msg_id);
    }
  }
}

const notManagedError = (what: string): CurveKernelError =>
  new CurveKernelError(
    'kernel-not-managed',
    `${what}: this is a connection to a kernel that another program started.`,
    {
      hint: 'Use connectServices to start kernels that can be restarted.',
    },
  );

const notConnectedError = (msgType: string): CurveKernelError =>
  new CurveKernelError('peer-lost', `The kernel is not connected, so ${msgType} cannot be sent.`, {
    hint: 'It may have ended or be restarting; attach again.',
  });

const noReplyError = (msgType: string, timeout: number): CurveKernelError =>
  new CurveKernelError('peer-silent', `The kernel did not answer ${msgType} within ${timeout} ms.`, {
    hint: 'It may not support this request; interrupt or end it where it was started.',
  });
