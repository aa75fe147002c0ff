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

/** Who knows the kernels that sockets ask for. */
export interface SocketHost {
  /** Opens the channels for a socket once its kernel is ready. Rejects when there is no such kernel, or never will be again. */
  open(socket: ZmqSocket, signal: AbortSignal): Promise<KernelChannels>;
  /** The channels of a socket that was open are gone. It stays open, and deaf, until the host announces what is the matter. */
  lost(socket: ZmqSocket): void;
  /** The socket is closed. */
  closed(socket: ZmqSocket): void;
  /** A message arrived for a socket. */
  received(socket: ZmqSocket, channel: Channel, message: Message): void;
  /** What the kernel is known to do: `busy` is passed on to sockets that open meanwhile. */
  executionState(kernelId: string): string | undefined;
  /** Something failed that no caller waits for. */
  report(kernelId: string, error: unknown): void;
}

type Handler = (event: { readonly type: string; readonly data?: unknown }) => void;

const CHANNELS_URL = /\/api\/kernels\/(?<kernel>[^/?]+)\/channels\?session_id=(?<client>[^&]+)/;

/**
 * What KernelConnection takes for a WebSocket: the four message channels of one kernel, for one client. It opens when the
 * channels are known to work in both directions. It never fails while opening and never closes by itself, because upstream
 * would try again and again, or leave requests pending for ever, or let a rejection escape that ends the process: instead it
 * opens, and says that the kernel is dead.
 *
 * Messages pass as objects: upstream's own serializers send `view.buffer` whole, which for a Node Buffer is a pool that other
 * people's secrets are in.
 */
export class ZmqSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  /** The wire protocol that was agreed on: none, for there is no wire. */
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
  #link: KernelChannels | undefined;
  #linkClosed: Promise<void> = Promise.resolve();
  #readyState: 0 | 1 | 3 = ZmqSocket.CONNECTING;
  /**
   * The session of every message that is delivered. KernelConnection drops messages of another session than the last one's as old, and
   * some kernels leave it out of some messages, or make one up for each; another process of the kernel comes by another socket.
   */
  #kernelSession: string | undefined;
  #toldInfo = false;
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
  get link(): KernelChannels | undefined {
    return this.#link;
  }

  /** Takes a message of KernelConnection; without channels it is dropped, and what comes of it is announced. */
  send(data: unknown): void {
    if (!isServicesMessage(data) || data.channel === 'iopub') throw new TypeError('Only requests can be sent.');
    const link = this.#link;
    if (link === undefined) return;
    if (!this.#toldInfo && data.header.msg_type === 'kernel_info_request') this.#tellInfo(link, data.header);
    else {
      this.#pending.sent(data.channel, data.header);
      link.send(data.channel, fromServicesMessage(data)).catch((error: unknown) => {
        if (this.#link === link) this.#host.report(this.kernelId, error);
      });
    }
  }

  /** Closes it without a word: upstream has taken its handlers off by then. */
  close(): void {
    if (this.#readyState === ZmqSocket.CLOSED) return;
    this.#readyState = ZmqSocket.CLOSED;
    this.#opening.abort();
    this.#pending[Symbol.dispose]();
    void this.suspend();
    this.#host.closed(this);
  }

  /** Takes the channels away; resolves when they are closed. The socket stays as open as it is. */
  suspend(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    if (link !== undefined) this.#linkClosed = link.close();
    return this.#linkClosed;
  }

  /**
   * Tells KernelConnection that the kernel is dead, or that it `restarting`: it then cancels its requests, and either disposes
   * itself or opens another socket.
   */
  announce(state: 'dead' | 'restarting'): void {
    this.#openFor(undefined);
    this.#deliver(statusMessage('', state));
  }

  async #open(): Promise<void> {
    let link: KernelChannels;
    try {
      link = await this.#host.open(this, this.#opening.signal);
    } catch (error) {
      if (this.#readyState === ZmqSocket.CLOSED) return;
      this.#host.report(this.kernelId, error);
      this.announce('dead');
      return;
    }
    if (this.#readyState !== ZmqSocket.CONNECTING) await link.close();
    else this.#openFor(link);
  }

  /**
   * KernelConnection asks whenever it connects. Answered at once, the request is never pending when a restart comes, which would
   * make upstream reject a promise that nobody holds; and a busy kernel need not end its cell first.
   */
  #tellInfo(link: KernelChannels, request: Header): void {
    this.#toldInfo = true;
    this.#deliver(infoReply(link.info, request));
    this.#deliver(statusMessage('', 'idle', request));
    if (this.#host.executionState(this.kernelId) === 'busy') this.#deliver(statusMessage('', 'busy'));
  }

  #openFor(link: KernelChannels | undefined): void {
    if (this.#readyState !== ZmqSocket.CONNECTING) return;
    this.#link = link;
    this.#kernelSession ??= link?.info.header.session ?? '';
    this.#readyState = ZmqSocket.OPEN;
    this.onopen({ type: 'open' });
    for (const message of this.#early.splice(0)) this.#deliver(message);
  }

  /** For the host's link: a message from the kernel. */
  receive(channel: Channel, message: Message): void {
    this.#host.received(this, channel, message);
    if (!this.#isNoise(channel, message)) this.#pass(channel, this.#pending.received(channel, message));
  }

  /** For the host's link: a message of the kernel had to be dropped, or was not taken. Requests that wait for it end with an error. */
  dropped(error: unknown, channel?: Channel): void {
    this.#host.report(this.kernelId, error);
    if (channel === undefined || !isCurveKernelError(error)) return;
    for (const delivery of this.#pending.unreadable(channel, error)) this.#pass(delivery.channel, delivery.message);
  }

  #pass(channel: Channel, message: Message): void {
    const incoming = toServicesMessage(channel, message);
    if (this.#readyState === ZmqSocket.CONNECTING) this.#early.push(incoming);
    else this.#deliver(incoming);
  }

  /** For the host's link: it failed after it was open. */
  failed(error: CurveKernelError): void {
    if (this.#link === undefined) return;
    void this.suspend();
    this.#host.report(this.kernelId, error);
    this.#host.lost(this);
  }

  /** Other clients that connect ask for the kernel's info, and its status then says busy and idle about nothing. */
  #isNoise(channel: Channel, { header, parent_header: parent }: Message): boolean {
    return (
      channel === 'iopub' &&
      header.msg_type === 'status' &&
      parent.msg_type === 'kernel_info_request' &&
      parent.session !== this.clientId
    );
  }

  #deliver(message: ServicesMessage): void {
    if (this.#readyState !== ZmqSocket.OPEN) return;
    const header = { ...message.header, session: (this.#kernelSession ??= message.header.session) };
    try {
      this.onmessage({ type: 'message', data: { ...message, header } });
    } catch (error) {
      // It throws for a message that it finds invalid. The next one may be better.
      this.#host.report(this.kernelId, error);
    }
  }
}

/** The state that a status message tells; undefined for other messages, and for the kernel's answers to small questions. */
export function reportedState(
  channel: Channel,
  { header, parent_header: parent, content }: Message,
): string | undefined {
  if (channel !== 'iopub' || header.msg_type !== 'status') return undefined;
  // A kernel that names its parent by the id alone tells no type.
  if ((parent.msg_type ?? '') !== '' && parent.msg_type !== 'execute_request') return undefined;
  const state = content['execution_state'];
  return typeof state === 'string' ? state : undefined;
}

/** The class that `ServerConnection.ISettings` wants: sockets of this host, made from their URL alone. */
export function socketClassOf(host: SocketHost): typeof WebSocket {
  const bound = class extends ZmqSocket {
    constructor(url: string) {
      super(url, host);
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a WebSocket as KernelConnection uses
  return bound as unknown as typeof WebSocket;
}
