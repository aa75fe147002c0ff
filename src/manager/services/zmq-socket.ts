import { isCurveKernelError, type CurveKernelError } from '../../errors.js';
import type { Channel, Header, Message } from '../../protocol/message.js';
import type { KernelChannels } from '../client/kernel-channels.js';
import { createPendingRequests } from './pending-requests.js';
import {
  fromServicesMessage,
  infoReply,
  isServicesMessage,
  statusMessage,
  toServicesMessage,
  type ServicesMessage,
} from './services-message.js';

/** The owner of sockets, which knows the kernels that they name. */
export interface SocketHost {
  /** Opens the channels for a socket once its kernel is ready. Rejects when the kernel does not exist, or never will be ready. */
  open(socket: ZmqSocket, signal: AbortSignal): Promise<KernelChannels>;
  /** The channels of an open socket are lost. It stays open without channels until the host calls {@link ZmqSocket.announce}. */
  lost(socket: ZmqSocket): void;
  /** The socket is closed. */
  closed(socket: ZmqSocket): void;
  /** A message arrived for a socket. */
  received(socket: ZmqSocket, channel: Channel, message: Message): void;
  /** The last known execution state of the kernel; `busy` is passed on to sockets that open meanwhile. */
  executionState(kernelId: string): string | undefined;
  /** Takes an error that no caller waits for. */
  report(kernelId: string, error: unknown): void;
}

type Handler = (event: { readonly type: string; readonly data?: unknown }) => void;

const CHANNELS_URL = /\/api\/kernels\/(?<kernel>[^/?]+)\/channels\?session_id=(?<client>[^&]+)/;

/**
 * The four message channels of one kernel for one client, in the shape of the WebSocket that KernelConnection uses. It opens when the
 * channels are known to work in both directions. It never fails while opening and never closes by itself: upstream would then try
 * again and again, leave requests pending for ever, or reject a promise without a handler, which ends the process. Instead it opens, and
 * reports the kernel as dead.
 *
 * Messages pass as objects: upstream's own serializers send `view.buffer` whole, which for a Node Buffer is a pool that holds
 * unrelated secrets.
 */
export class ZmqSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  /** The WebSocket subprotocol: none. */
  readonly protocol = '';
  readonly kernelId: string;
  readonly clientId: string;
  binaryType = 'arraybuffer';
  onopen: Handler = () => undefined;
  onmessage: Handler = () => undefined;
  onclose: Handler = () => undefined;
  onerror: Handler = () => undefined;

  readonly #host: SocketHost;
  readonly #opening = new AbortController();
  /** Messages that arrived before it opened. */
  #early: ServicesMessage[] = [];
  #channels: KernelChannels | undefined;
  #channelsClosed: Promise<void> = Promise.resolve();
  #readyState: 0 | 1 | 3 = ZmqSocket.CONNECTING;
  /**
   * The session of every message that is delivered. KernelConnection drops messages of another session than the last one's as old, and
   * some kernels leave it out of some messages, or make one up for each; another process of the kernel has another socket.
   */
  #kernelSession: string | undefined;
  #hasToldInfo = false;
  readonly #pending = createPendingRequests(({ channel, message }) =>
    this.#deliver(toServicesMessage(channel, message)),
  );

  constructor(url: string, host: SocketHost) {
    const found = CHANNELS_URL.exec(url)?.groups;
    if (!found?.['kernel'] || !found['client']) throw new TypeError('Only the channels of kernels can be opened.');
    this.kernelId = decodeURIComponent(found['kernel']);
    this.clientId = decodeURIComponent(found['client']);
    this.#host = host;
    void this.#open();
  }

  get readyState(): number {
    return this.#readyState;
  }

  /** The open channels; undefined before it opened, and while the host has it suspended. */
  get channels(): KernelChannels | undefined {
    return this.#channels;
  }

  /** True if it is open for upstream and has no channels. */
  get isDisconnected(): boolean {
    return this.#readyState === ZmqSocket.OPEN && this.#channels === undefined;
  }

  /** Takes a message of KernelConnection. Without channels it is dropped, and {@link announce} cancels what waits for the reply. */
  send(data: unknown): void {
    if (!isServicesMessage(data) || data.channel === 'iopub') throw new TypeError('Only requests can be sent.');
    const channels = this.#channels;
    if (channels === undefined) return;
    if (!this.#hasToldInfo && data.header.msg_type === 'kernel_info_request') {
      this.#tellInfo(channels, data.header);
      return;
    }
    this.#pending.sent(data.channel, data.header);
    channels.send(data.channel, fromServicesMessage(data)).catch((error: unknown) => {
      if (this.#channels === channels) this.#host.report(this.kernelId, error);
    });
  }

  /** Closes it without an event: upstream has removed its handlers by then. */
  close(): void {
    if (this.#readyState === ZmqSocket.CLOSED) return;
    this.#readyState = ZmqSocket.CLOSED;
    this.#opening.abort();
    this.#pending[Symbol.dispose]();
    void this.suspend();
    this.#host.closed(this);
  }

  /** For the host: closes the channels; resolves when they are closed. The socket stays as open as it is. */
  suspend(): Promise<void> {
    const channels = this.#channels;
    this.#channels = undefined;
    if (channels !== undefined) this.#channelsClosed = channels.close();
    return this.#channelsClosed;
  }

  /**
   * For the host: reports the kernel as `dead` or `restarting`. KernelConnection then cancels its requests, and disposes itself or opens
   * another socket.
   */
  announce(state: 'dead' | 'restarting'): void {
    this.#openWith(undefined);
    this.#deliver(statusMessage('', state));
  }

  /** For the host's channels: a message from the kernel. */
  receive(channel: Channel, message: Message): void {
    this.#host.received(this, channel, message);
    if (!this.#isNoise(channel, message)) this.#pass(channel, this.#pending.received(channel, message));
  }

  /** For the host's channels: a message of the kernel was dropped. Requests that wait for it end with an error. */
  dropped(error: unknown, channel?: Channel): void {
    this.#host.report(this.kernelId, error);
    if (channel === undefined || !isCurveKernelError(error)) return;
    for (const delivery of this.#pending.unreadable(channel, error)) this.#pass(delivery.channel, delivery.message);
  }

  /** For the host's channels: they failed after they were open. */
  failed(error: CurveKernelError): void {
    if (this.#channels === undefined) return;
    void this.suspend();
    this.#host.report(this.kernelId, error);
    this.#host.lost(this);
  }

  async #open(): Promise<void> {
    let channels: KernelChannels;
    try {
      channels = await this.#host.open(this, this.#opening.signal);
    } catch (error) {
      if (this.#readyState === ZmqSocket.CLOSED) return;
      this.#host.report(this.kernelId, error);
      this.announce('dead');
      return;
    }
    if (this.#readyState !== ZmqSocket.CONNECTING) await channels.close();
    else this.#openWith(channels);
  }

  #openWith(channels: KernelChannels | undefined): void {
    if (this.#readyState !== ZmqSocket.CONNECTING) return;
    this.#channels = channels;
    this.#kernelSession ??= channels?.info.header.session ?? '';
    this.#readyState = ZmqSocket.OPEN;
    this.onopen({ type: 'open' });
    for (const message of this.#early.splice(0)) this.#deliver(message);
  }

  /**
   * KernelConnection asks for kernel_info whenever it connects. Answered from here, the request is never pending when a restart comes,
   * which would make upstream reject a promise without a handler; and a busy kernel need not end its cell first.
   */
  #tellInfo({ info }: KernelChannels, request: Header): void {
    this.#hasToldInfo = true;
    this.#deliver(infoReply(info, request));
    this.#deliver(statusMessage('', 'idle', request));
    if (this.#host.executionState(this.kernelId) === 'busy') this.#deliver(statusMessage('', 'busy'));
  }

  #pass(channel: Channel, message: Message): void {
    const incoming = toServicesMessage(channel, message);
    if (this.#readyState === ZmqSocket.CONNECTING) this.#early.push(incoming);
    else this.#deliver(incoming);
  }

  #deliver(message: ServicesMessage): void {
    if (this.#readyState !== ZmqSocket.OPEN) return;
    const header = { ...message.header, session: (this.#kernelSession ??= message.header.session) };
    try {
      this.onmessage({ type: 'message', data: { ...message, header } });
    } catch (error) {
      // KernelConnection throws for a message that it finds invalid. The next one may be valid.
      this.#host.report(this.kernelId, error);
    }
  }

  /** Other clients ask for kernel_info when they connect; the busy and idle status of these requests says nothing about this client's. */
  #isNoise(channel: Channel, { header, parent_header: parent }: Message): boolean {
    return (
      channel === 'iopub' &&
      header.msg_type === 'status' &&
      parent.msg_type === 'kernel_info_request' &&
      parent.session !== this.clientId
    );
  }
}

/** The class for `ServerConnection.ISettings.WebSocket`: sockets of this host, made from their URL alone. */
export function socketClassOf(host: SocketHost): typeof WebSocket {
  const bound = class extends ZmqSocket {
    constructor(url: string) {
      super(url, host);
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a WebSocket as KernelConnection uses
  return bound as unknown as typeof WebSocket;
}
