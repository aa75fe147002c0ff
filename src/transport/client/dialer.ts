import type { ConnectionInfo } from '../../connection/connection-info.js';
import { dialable, endpoint } from '../../connection/endpoints.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { samePublicKey, type CurvePair } from '../../keys/curve-pair.js';
import { type DecodeOptions, totalBytes } from '../../protocol/frames.js';
import type { Channel, Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { isRequestChannel, perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import { explainForGrant, openSockets } from './dial-failure.js';
import { makeClientSockets, type ClientSockets } from './dial-sockets.js';
import { Heartbeat, type PingOptions } from './heartbeat.js';
import { ConnectionSet, type SocketSecurity } from './connection-set.js';
import type { ClientKeys } from '../curve-options.js';
import { createMessageCodec, type MessageCodec } from '../message-codec.js';
import { OutgoingQueue } from '../outgoing-queue.js';
import { receiveEach } from '../receive-each.js';
import { reportUncaught } from '../../support/report-uncaught.js';
import { onAbort } from '../../support/abort.js';
import { deferred } from '../../support/deferred.js';
import { definedOnly } from '../../support/defined-only.js';
import { startTimer } from '../../support/timers.js';
import { TransportContext } from '../transport-context.js';

/** Events of a dialer beside messages. */
export type DialerEvent =
  /** A message was thrown away. */
  | { readonly kind: 'message-rejected'; readonly channel: Channel; readonly error: CurveKernelError }
  /** `onMessage` threw. Without `onEvent` that is an uncaught exception. */
  | { readonly kind: 'handler-failed'; readonly socket: SocketName; readonly error: unknown }
  /** After `peer-lost`, all five sockets are connected again: to the same kernel, or to one that was restarted there. */
  | { readonly kind: 'peer-back' };

/** Options of {@link openDialer}. */
export interface DialerOptions {
  readonly connection: ConnectionInfo;
  /** Our own pair. Default: the shared pair of the connection file. */
  readonly client?: CurvePair;
  /** The same on shell, control and stdin, so that input requests find the client that asked. */
  readonly routingId: string;
  readonly onMessage: (channel: Channel, message: Message) => void;
  /** Subscriptions to iopub, by the beginnings of topics; ours are message types. Default: everything. */
  readonly topics?: readonly string[];
  /**
   * After it was open: `peer-lost` once per loss, while the dialer goes on trying to connect until it is closed; or another
   * `peer-*` error when that can never succeed, after which only {@link Dialer.close} is left to do.
   */
  readonly onFailure?: (error: CurveKernelError) => void;
  readonly onEvent?: (event: DialerEvent) => void;
  /** Milliseconds for all handshakes; a kernel that does not listen yet is tried again until then. Default: 4,500. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Default: a shared one of its own, closed with the dialer. */
  readonly context?: TransportContext;
  /** The most bytes of one received message. Default: 1 GiB. */
  readonly messageBytes?: number;
  /**
   * Bytes of requests that wait on one channel for a kernel that takes nothing in, so that it cannot fill this process; a single request
   * may be larger. Default: 256 MiB.
   */
  readonly queuedBytes?: number;
  /** What is received is sent on as the bytes that came. */
  readonly keepBytes?: DecodeOptions['keepBytes'];
}

const DEFAULT_TIMEOUT = 4_500;
const DEFAULT_MESSAGE_BYTES = 2 ** 30;
const DEFAULT_QUEUED_BYTES = 256 * 2 ** 20;

/**
 * Connects to the five sockets of a kernel. Resolves when all five handshakes succeeded.
 *
 * All addresses of a machine (`0.0.0.0`) mean this one. Throws, with everything closed: `peer-encrypted`, `peer-plaintext`, `peer-wrong-key`, `peer-refused` as soon as that is clear,
 * `peer-silent` after the timeout, `transport-closed`, `key-mismatch`, `endpoint-invalid`, `dial-failed`,
 * `signature-scheme-unsupported`, the reason of `signal`; TypeError when a client pair is given for a connection without keys, and
 * for a routing id that no socket can have.
 */
export async function openDialer(options: DialerOptions): Promise<Dialer> {
  options.signal?.throwIfAborted();
  const dialer = new Dialer(options);
  try {
    await dialer.open();
    return dialer;
  } catch (error) {
    await dialer.close();
    throw explainForGrant(error, options.connection);
  }
}

/** Five sockets connected to a kernel, and kept connected. Made by {@link openDialer}. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #codec: MessageCodec;
  readonly #disown: () => void;
  readonly #sockets: ClientSockets;
  readonly #connections: ConnectionSet;
  readonly #requests: Readonly<Record<RequestChannel, OutgoingQueue>>;
  readonly #loops: readonly Promise<void>[];
  readonly #heartbeat: Heartbeat;
  #settleOpened: ((error?: unknown) => void) | undefined;
  #ended: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(options: DialerOptions) {
    const { connection, routingId, topics = [''], messageBytes = DEFAULT_MESSAGE_BYTES } = options;
    const keys = clientKeys(connection, options.client);
    const endpoints = perSocket((name) => dialable(endpoint(connection, name)));
    const context = options.context ?? new TransportContext({ shared: true });
    context.checkOpen();
    this.#options = options;
    const limits = { maxBytes: messageBytes, maxNodes: Infinity };
    this.#codec = createMessageCodec(connection, limits, {
      sender: 'kernel',
      ...definedOnly({ keepBytes: options.keepBytes }),
    });
    this.#sockets = openSockets(() =>
      makeClientSockets({ context: context.zmq, endpoints, keys, routingId, topics, messageBytes }),
    );
    this.#disown = context.own(this);
    const { shell, control, stdin } = this.#sockets;
    this.#requests = {
      shell: new OutgoingQueue(shell),
      control: new OutgoingQueue(control),
      stdin: new OutgoingQueue(stdin),
    };
    this.#heartbeat = new Heartbeat(this.#sockets.heartbeat, () =>
      this.#connections.connectionError('peer-lost', 'heartbeat'),
    );
    this.#loops = SOCKET_NAMES.map((name) =>
      receiveEach(
        this.#sockets[name],
        (frames) => this.#receive(name, frames),
        (error) => this.#handlerFailed(name, error),
      ),
    );
    this.#connections = new ConnectionSet({
      sockets: this.#sockets,
      endpoints,
      mechanism: keys ? 'curve' : 'null',
      onUp: () => this.#rise(),
      // The next kernel that listens there must not receive them.
      onDown: (name) => isRequestChannel(name) && this.#requests[name].clear(),
      onLost: (error) => this.#lose(error),
      onFailure: (error) => this.#end(error),
    });
  }

  /**
   * Sends a request, after those that were sent before. Resolves when it is handed to the connection or waits for room there, which is no
   * proof that it arrives, and never waits for the kernel. Throws `peer-lost` while one of the five connections is lost, and while a kernel that
   * takes nothing in has too much waiting ({@link DialerOptions.queuedBytes}); the error that ended the dialer; `transport-closed`.
   */
  async send(channel: RequestChannel, message: Message): Promise<void> {
    this.#checkUp();
    // libzmq sends large frames from where they lie, some time later; the caller's buffers stay the caller's.
    const buffers = message.buffers.map((buffer) => new Uint8Array(buffer));
    const frames = this.#codec.encode({ ...message, buffers });
    const bytes = totalBytes(frames);
    const queue = this.#requests[channel];
    const limit = this.#options.queuedBytes ?? DEFAULT_QUEUED_BYTES;
    if (!queue.isEmpty && queue.bytes + bytes > limit) throw this.#connections.connectionError('peer-lost', channel);
    queue.push(frames, bytes);
  }

  /** The protection of each socket, as it reported it after its handshake. */
  security(): Record<SocketName, SocketSecurity> {
    return this.#connections.security();
  }

  /** Milliseconds until the kernel's heartbeat answered. Throws as {@link send} does, and the reason of `signal`. */
  async heartbeat(options: PingOptions = {}): Promise<number> {
    this.#checkUp();
    return await this.#heartbeat.ping(options);
  }

  /** Closes the five sockets at once; resolves when they are gone. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Settles when all handshakes succeeded, or when that failed. */
  async open(): Promise<void> {
    openSockets(() => this.#connections.connect());
    const { signal, timeout = DEFAULT_TIMEOUT } = this.#options;
    const { promise, resolve, reject } = deferred<void>();
    this.#settleOpened = (error) => {
      this.#settleOpened = undefined;
      if (error === undefined) resolve();
      else reject(error);
    };
    const stopTimer = startTimer(timeout, () => this.#end(this.#connections.silentError()));
    const stopListening = onAbort(signal, (reason) => this.#end(reason));
    try {
      await promise;
    } finally {
      stopTimer();
      stopListening();
    }
  }

  #rise(): void {
    if (this.#settleOpened) this.#settleOpened();
    else this.#options.onEvent?.({ kind: 'peer-back' });
  }

  #lose(error: CurveKernelError): void {
    this.#heartbeat.failAll(error);
    this.#options.onFailure?.(error);
  }

  /** Stops sending, receiving and reconnecting. */
  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = { error };
    this.#connections.stop();
    for (const queue of Object.values(this.#requests)) queue.clear();
    this.#heartbeat.failAll(error);
    if (this.#settleOpened) this.#settleOpened(error);
    else if (!this.#closing && isCurveKernelError(error)) this.#options.onFailure?.(error);
  }

  #checkUp(): void {
    if (this.#ended) throw this.#ended.error;
    this.#connections.checkUp();
  }

  #receive(name: SocketName, frames: Buffer[]): void {
    if (name === 'heartbeat') return this.#heartbeat.receive(frames);
    let message;
    try {
      ({ message } = this.#codec.decode(frames));
    } catch (error) {
      if (!isCurveKernelError(error)) throw error;
      return this.#options.onEvent?.({ kind: 'message-rejected', channel: name, error });
    }
    this.#options.onMessage(name, message);
  }

  #handlerFailed(socket: SocketName, error: unknown): void {
    if (this.#options.onEvent) return this.#options.onEvent({ kind: 'handler-failed', socket, error });
    reportUncaught(error);
  }

  async #close(): Promise<void> {
    // Callbacks that settle because of this must find that it is being closed.
    await Promise.resolve();
    this.#end(closedError());
    for (const name of SOCKET_NAMES) this.#sockets[name].close();
    await Promise.all([this.#connections.closed(), ...this.#loops]);
    this.#disown();
  }
}

const closedError = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'The connection to the kernel was closed.', { hint: 'Open a new one.' });

/**
 * The keys with which to dial `connection`: `client`, or else the pair in the connection file (JEP 145: one pair for both
 * sides). Undefined for plain text, which only a connection without keys, and no `client`, stands for.
 *
 * Throws `key-mismatch` when the connection expects another client key, or one and there is none; TypeError when a pair is
 * given for a connection that has no keys.
 */
function clientKeys({ curve }: ConnectionInfo, client: CurvePair | undefined): ClientKeys | undefined {
  if (!curve) {
    if (client) throw new TypeError('A client pair is given, and the connection has no server key to use it with.');
    return undefined;
  }
  const pair = client ?? (curve.secretKey && { publicKey: curve.publicKey, secretKey: curve.secretKey });
  if (!pair) {
    const problem = 'The connection has only the public key of the kernel, and no client pair is given.';
    throw new CurveKernelError('key-mismatch', problem, {
      hint: 'Give your own pair, or the secret key that belongs to the connection file.',
    });
  }
  if (curve.clientPublicKey !== undefined && !samePublicKey(curve.clientPublicKey, pair.publicKey)) {
    throw new CurveKernelError('key-mismatch', 'The connection was granted to another key than the one given.', {
      hint: 'Give the pair whose public key is in the connection file.',
    });
  }
  return { client: pair, serverKey: curve.publicKey };
}
