import type { ConnectionInfo } from '../../connection/connection-info.js';
import { isRequestChannel, SOCKET_NAMES } from '../../connection/per-socket.js';
import { isCurveKernelError, type CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { encodeParts, totalBytes, type EncodedMessage } from '../../protocol/frames.js';
import type { Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { reportUncaught } from '../../support/report-uncaught.js';
import { settlesWithin } from '../../support/timers.js';
import type { MessageCodec } from '../message-codec.js';
import { receiveEach } from '../receive-each.js';
import type { TransportContext } from '../transport-context.js';
import type { BoundSockets } from './bind-sockets.js';
import type { ConnectionLimiter } from './connection-limiter.js';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';
import { PublishQueue, type MessageHeaders, type OutputLoss } from './publish-queue.js';
import { ReplyQueues } from './reply-queues.js';
import { RequestIntake } from './request-intake.js';
import { readingLimits, type SenderRights } from './sender-rights.js';
import type { SubscriptionTracker } from './subscription-tracker.js';
import type { WatchedConnections } from './watch-connections.js';
import type { Admit, ZapPolicy } from './zap-policy.js';

/** A message from the identity that a listener admits, with the way back to the connection it came from. */
export interface ReceivedMessage {
  readonly channel: RequestChannel;
  /** Routing frames, for {@link Listener.send}. They tell connections of one identity apart, and prove nothing. */
  readonly routing: readonly Uint8Array[];
  readonly message: Message;
  /** Why metadata and content could not be read; then they are empty, and the sender waits for an error. */
  readonly fault?: CurveKernelError;
  readonly listener: Listener;
}

/** Options of {@link openListener}. */
export interface ListenerOptions {
  readonly context: TransportContext;
  /** The identity that it admits. */
  readonly name: string;
  /** Port 0: chosen by the system (tcp), or the first free one (ipc). */
  readonly connection: ConnectionInfo;
  /** Absent: plain text, for every process that reaches the sockets; not allowed for a connection that has keys. */
  readonly server?: CurvePair;
  /**
   * Client keys for shell, control, stdin and iopub, or a function that decides for all five sockets. Default: the server's own,
   * the shared pair of JEP 145.
   */
  readonly admit?: readonly string[] | Admit;
  /** `admit` admits every peer that knows the server key, so at the start only a plaintext peer must be refused. Default: false. */
  readonly admitsStrangers?: boolean;
  readonly limits?: Partial<ListenerLimits>;
  /** Rights of the identity. Default: everything is allowed. */
  readonly rights?: SenderRights;
  /** What is received is sent on as the bytes that came, see `DecodeOptions`. Default: false. */
  readonly keepBytes?: boolean;
  /** Heartbeats are answered only while this is true. Default: always. */
  readonly isAlive?: () => boolean;
  /** Called with every message that is signed, new, and has headers that can be read. */
  readonly onMessage: (received: ReceivedMessage) => void;
  /** Called with every subscription to iopub, also to a topic that has subscribers. */
  readonly onSubscribe?: (topic: Uint8Array) => void;
  /** Called with events of connections, and with messages that were thrown away. Without it, connections are not monitored at all. */
  readonly onEvent?: (event: ListenerEvent) => void;
  /**
   * Called with output that a client does not get on iopub, so that this listener can tell it there. Messages published in the callback
   * are sent before all others.
   */
  readonly onLoss?: (loss: OutputLoss) => void;
  /** Called while iopub cannot take what is published, with each change of {@link Listener.pressure}. */
  readonly onPressure?: (bytes: number) => void;
  /**
   * The sockets whose connections are monitored for {@link onEvent}: failed handshakes, and the ends of connections. Each costs
   * 20 KiB and two descriptors. Default: all.
   */
  readonly monitor?: readonly SocketName[];
}

/** The bound sockets and the state of a {@link Listener}, made by {@link openListener}. */
export interface ListenerParts {
  readonly bound: BoundSockets;
  readonly watched: WatchedConnections;
  readonly codec: MessageCodec;
  readonly zapPolicy: ZapPolicy | undefined;
  readonly limits: ListenerLimits;
  readonly subscriptions: SubscriptionTracker;
  readonly limiters: Readonly<Record<SocketName, ConnectionLimiter>>;
}

/**
 * Five bound sockets that admit one identity: every message that arrives here was sent by that identity, whatever its headers and routing
 * ids say. Opened by {@link openListener}.
 */
export class Listener implements AsyncDisposable {
  /** The identity that it admits. */
  readonly name: string;
  /** The connection that was asked for, with the real ports. */
  readonly connection: ConnectionInfo;
  readonly #options: ListenerOptions;
  readonly #parts: ListenerParts;
  readonly #output: PublishQueue;
  readonly #replies: Readonly<Record<RequestChannel, ReplyQueues>>;
  readonly #requests: Readonly<Record<RequestChannel, RequestIntake>>;
  readonly #loops: readonly Promise<void>[];
  readonly #disown: () => void;
  readonly #rebinding = new Set<SocketName>();
  #closing: Promise<void> | undefined;

  /** @internal Reads from its sockets as soon as it is made. */
  constructor(options: ListenerOptions, parts: ListenerParts) {
    this.name = options.name;
    this.connection = parts.bound.connection;
    this.#options = options;
    this.#parts = parts;
    this.#disown = options.context.own(this);
    const { bound, subscriptions, limits } = parts;
    const { scheduler } = options.context;
    this.#output = new PublishQueue({
      socket: bound.sockets.iopub,
      limits,
      subscriptions: () => subscriptions.size,
      onLoss: (loss) => this.#call(() => options.onLoss?.(loss)),
      onPressure: (bytes) => this.#call(() => options.onPressure?.(bytes)),
    });
    const replies = (name: RequestChannel): ReplyQueues =>
      new ReplyQueues({ sink: bound.sockets[name], limits, onDrained: () => this.#requests[name].resume() });
    this.#replies = { shell: replies('shell'), control: replies('control'), stdin: replies('stdin') };
    const intake = (name: RequestChannel): RequestIntake =>
      new RequestIntake({
        replies: this.#replies[name],
        limits,
        timeSlice: scheduler.timeSlice(this.name),
        handle: (frames) => this.#call(() => this.#receiveMessage(name, frames), name),
      });
    this.#requests = { shell: intake('shell'), control: intake('control'), stdin: intake('stdin') };
    this.#loops = SOCKET_NAMES.map((name) =>
      receiveEach(
        bound.sockets[name],
        (frames) => this.#receive(name, frames),
        (error) => this.#handlerFailed(name, error),
        () => (isRequestChannel(name) ? this.#requests[name].whenReady() : undefined),
        // Every key is admitted to heartbeat, so pings do not use the time of the identity.
        scheduler.timeSlice(name === 'heartbeat' ? '' : this.name),
      ),
    );
  }

  /**
   * Sends to one peer of this listener. Messages to one peer keep their order. Never waits: what a slow peer does not take is kept
   * (see {@link ListenerLimits.queuedReplies}), and a message to a peer that is gone is dropped. The message's buffers are sent without
   * a copy: leave them alone.
   */
  send(channel: RequestChannel, routing: readonly Uint8Array[], message: Message): void {
    if (this.#closing) return;
    const frames = [...routing, ...this.#parts.codec.encode(message)];
    this.#replies[channel].send(frames, totalBytes(frames));
  }

  /** Bytes on iopub that wait for the slowest client, see {@link ListenerOptions.onPressure}. What libzmq holds is not in it. */
  get pressure(): number {
    return this.#output.bytes;
  }

  /** Whether there may be a subscriber on iopub. Always true in plain text, and among strangers, who may lie about each other. */
  get hasSubscribers(): boolean {
    return this.#parts.subscriptions.present || !this.#parts.zapPolicy || this.#options.admitsStrangers === true;
  }

  /**
   * Sends on iopub to every peer that subscribed to a prefix of `topic`, in order, never waiting; see
   * {@link ListenerLimits.queuedOutput} for what is kept when they are slow. Default topic: the message type.
   */
  publish(message: Message, topic: Uint8Array = Buffer.from(message.header.msg_type)): void {
    if (this.hasSubscribers) this.publishEncoded(encodeParts(message), topic, message);
  }

  /** As {@link publish}, for a message that goes out by several listeners and is encoded once. `headers` are those of the message. */
  publishEncoded(message: EncodedMessage, topic: Uint8Array, headers: MessageHeaders): void {
    if (this.#closing) return;
    const frames = [topic, ...this.#parts.codec.sign(message)];
    this.#output.publish(frames, totalBytes(frames), headers);
  }

  /**
   * Ends every connection, unbinds, removes the socket files; resolves when all that is done. With `linger` (milliseconds,
   * default 0), what was sent before is given that long to leave.
   */
  close(options: { readonly linger?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.linger ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal Tells the observer of the listener, and starts to watch a socket that many peers have connected to. */
  report(event: ListenerEvent): void {
    if (this.#closing) return;
    if (event.kind === 'peer-accepted' && this.#parts.limiters[event.socket].wantsWatching) this.#watch(event.socket);
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      reportUncaught(error);
    }
  }

  /** @internal Ends all connections to a socket and binds it again. */
  resetConnections(name: SocketName, reason: 'topics' | 'stuck'): void {
    if (this.#closing || this.#rebinding.has(name)) return;
    this.#rebinding.add(name);
    const { bound, limiters } = this.#parts;
    const rebound = bound.rebind(name);
    limiters[name].rebound();
    if (name === 'iopub') this.#parts.subscriptions.forgetTopics();
    this.report({ kind: 'connections-reset', socket: name, reason });
    rebound
      .catch((error: unknown) => this.#closing ?? this.#handlerFailed(name, error))
      .finally(() => this.#rebinding.delete(name));
  }

  #receive(name: SocketName, frames: Buffer[]): void {
    if (this.#closing) return;
    switch (name) {
      case 'heartbeat':
        if (this.#options.isAlive?.() === false) return;
        // Sent at once or dropped: strangers may ping, and need not read.
        return void this.#parts.bound.sockets.heartbeat.send(frames).catch(() => undefined);
      case 'iopub':
        return this.#receiveSubscription(frames);
      case 'shell':
      case 'control':
      case 'stdin':
        return this.#requests[name].take(frames);
    }
  }

  /** XPUB: 1 and the topic for a subscription, 0 and the topic for its end (ZMTP 3.1). Peers may send anything else. */
  #receiveSubscription([frame, ...others]: Buffer[]): void {
    if (!frame || others.length > 0) return;
    const topic = frame.subarray(1);
    if (frame[0] === 0) this.#parts.subscriptions.unsubscribed(topic.toString('latin1'));
    if (frame[0] !== 1) return;
    this.#parts.subscriptions.subscribed(topic.toString('latin1'));
    if (this.#parts.subscriptions.topicBytes > this.#parts.limits.topicBytes)
      return this.resetConnections('iopub', 'topics');
    this.#options.onSubscribe?.(topic);
  }

  #receiveMessage(channel: RequestChannel, frames: Buffer[]): void {
    const { rights } = this.#options;
    let decoded;
    try {
      decoded = this.#parts.codec.decode(frames, rights && readingLimits(rights, channel, this.#parts.limits));
    } catch (error) {
      if (!isCurveKernelError(error)) throw error;
      return this.report({ kind: 'message-rejected', channel, error });
    }
    this.#options.onMessage({ channel, ...decoded, listener: this });
  }

  #call(handler: () => void, name: SocketName = 'iopub'): void {
    try {
      handler();
    } catch (error) {
      this.#handlerFailed(name, error);
    }
  }

  /** After an exception in a handler the listener goes on reading; and without a listener for events, the error must not be lost. */
  #handlerFailed(socket: SocketName, error: unknown): void {
    if (this.#options.onEvent) return this.report({ kind: 'handler-failed', socket, error });
    reportUncaught(error);
  }

  /** Without a descriptor to watch with, the ends of connections are not seen, and the socket reaches its limit. */
  #watch(name: SocketName): void {
    const { watched, limiters } = this.#parts;
    try {
      watched.watch(name);
      limiters[name].watch();
    } catch (error) {
      this.report({ kind: 'handler-failed', socket: name, error });
    }
  }

  async #close(linger: number): Promise<void> {
    const { zapPolicy, bound, watched } = this.#parts;
    zapPolicy?.close();
    bound.removeFiles();
    for (const requests of Object.values(this.#requests)) requests.close();
    const queues = [this.#output, ...Object.values(this.#replies)];
    const end = performance.now() + linger;
    if (linger > 0) await settlesWithin(Promise.all(queues.map(async (queue) => queue.drained())), linger);
    for (const queue of queues) queue.clear();
    await Promise.all([watched.close(Math.max(0, end - performance.now())), ...this.#loops]);
    this.#disown();
  }
}
