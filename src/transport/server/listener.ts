import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { samePublicKey } from '../../keys/curve-pair.js';
import { encodeParts, totalBytes, type EncodedMessage } from '../../protocol/frames.js';
import type { Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { trackProbeDisconnects } from './probe-disconnects.js';
import { registerZapPolicy, type ZapPolicy } from './zap-policy.js';
import { SubscriptionTracker } from './subscription-tracker.js';
import { ConnectionLimiter } from './connection-limiter.js';
import { bindSockets, type BoundSockets } from './bind-sockets.js';
import { isRequestChannel, perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import { PublishQueue, type MessageHeaders } from './publish-queue.js';
import { ReplyQueues } from './reply-queues.js';
import type { ListenerEvent } from './listener-event.js';
import { DEFAULT_LISTENER_LIMITS, type ListenerLimits } from './listener-limits.js';
import type { ListenerOptions } from './listener-options.js';
import { createMessageCodec, type MessageCodec } from '../message-codec.js';
import { receiveEach } from '../receive-each.js';
import { RequestIntake } from './request-intake.js';
import { probesPerSocket, selfCheck } from './self-check.js';
import { readingLimits } from './sender-rights.js';
import { reportUncaught } from '../../support/report-uncaught.js';
import { watchConnections, type ObserveConnection, type WatchedConnections } from './watch-connections.js';

export type { ListenerOptions, ReceivedMessage } from './listener-options.js';

/**
 * Binds five sockets for one identity. Resolves when they are bound and, under CURVE, have refused a stranger and a plaintext
 * peer. Throws `address-in-use`, `bind-failed`, `endpoint-invalid`, `self-check-failed`, `signature-scheme-unsupported`,
 * `transport-closed`, `key-mismatch` when the connection names another server key, TypeError when it names one and no `server` is
 * given; then nothing is left bound.
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { context, connection, server } = options;
  checkServer(options);
  context.checkOpen();
  const limits = { ...DEFAULT_LISTENER_LIMITS, ...options.limits };
  const codec = createMessageCodec(connection, { maxBytes: limits.messageBytes });
  const subscriptions = new SubscriptionTracker();
  const limiters = perSocket(() => new ConnectionLimiter(limits));
  const early: ListenerEvent[] = [];
  let listener: Listener | undefined;
  const onEvent = (event: ListenerEvent): void => {
    const accepted = event.kind === 'peer-accepted';
    if (accepted && event.socket === 'iopub') subscriptions.expect();
    if (listener) return listener.report(event);
    // Before there is a listener, refusals are those of the self-check, and are not reported.
    if (accepted) early.push(event);
  };
  const zapPolicy =
    server && registerZapPolicy({ ...options, server, tryAdmit: (name) => limiters[name].tryAdmit(), onEvent });
  const monitored = options.onEvent ? (options.monitor ?? SOCKET_NAMES) : [];
  const probeDisconnects = trackProbeDisconnects(
    server ? new Map(monitored.map((name) => [name, probesPerSocket(name, options)])) : new Map(),
  );
  const observe: ObserveConnection = (name, event) => {
    probeDisconnects.observe(name, event);
    const reported = limiters[name].observe(name, event);
    if (reported && monitored.includes(name)) listener?.report(reported);
    if (limiters[name].wantsRebinding) listener?.resetConnections(name, 'stuck');
  };
  let bound: BoundSockets | undefined;
  let watched: WatchedConnections | undefined;
  try {
    const socketLimits = { ...limits, frameBytes: frameBytesFor(options, limits) };
    bound = await bindSockets({
      ...options,
      context: context.zmq,
      limits: socketLimits,
      ...(zapPolicy && { zapPolicy }),
    });
    // From now on, so that the ends of the self-check's own connections are told from those of peers.
    for (const name of monitored) limiters[name].watch();
    watched = watchConnections(bound.sockets, monitored, observe);
    if (server)
      await selfCheck(context.zmq, bound.addresses, server.publicKey, { ...options, timeout: limits.selfCheck });
    await probeDisconnects.seen();
    context.checkOpen();
  } catch (error) {
    zapPolicy?.close();
    bound?.removeFiles();
    await watched?.close();
    throw error;
  }
  listener = new Listener(options, { bound, watched, codec, zapPolicy, limits, subscriptions, limiters });
  for (const event of early) listener.report(event);
  return listener;
}

/** Frames are limited before it is known what they ask for. */
function frameBytesFor({ rights }: ListenerOptions, { frameBytes, smallMessageBytes }: ListenerLimits): number {
  return rights?.sendsLarge() === false ? Math.min(frameBytes, smallMessageBytes) : frameBytes;
}

/** A connection that promises keys is never served without them, nor with others. */
function checkServer({ connection: { curve }, server }: ListenerOptions): void {
  if (!curve) return;
  if (!server) throw new TypeError('The connection has keys, and no server pair is given: it would be plain text.');
  if (samePublicKey(curve.publicKey, server.publicKey)) return;
  throw new CurveKernelError('key-mismatch', 'The connection has another public key than the server pair.', {
    hint: 'Give the pair whose public key is in the connection.',
  });
}

/** What {@link openListener} makes a {@link Listener} of. */
interface ListenerParts {
  readonly bound: BoundSockets;
  readonly watched: WatchedConnections;
  readonly codec: MessageCodec;
  readonly zapPolicy: ZapPolicy | undefined;
  readonly limits: ListenerLimits;
  readonly subscriptions: SubscriptionTracker;
  readonly limiters: Readonly<Record<SocketName, ConnectionLimiter>>;
}

/**
 * Five bound sockets that admit one identity: whatever arrives here was sent by it, whatever headers and routing ids say.
 * Made by {@link openListener}.
 */
export class Listener {
  readonly name: string;
  /** With the real ports. */
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

  /** @internal */
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
      new ReplyQueues({ sink: bound.sockets[name], limits, onRoom: () => this.#requests[name].resume() });
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
        () => (isRequestChannel(name) ? this.#requests[name].room() : undefined),
        // Every key is admitted to heartbeat, so what is sent there takes no time of the identity's.
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

  /** Whether anybody may hear what is published; always so in plain text, and among strangers, who may lie about each other. */
  get hasSubscribers(): boolean {
    return this.#parts.subscriptions.present || !this.#parts.zapPolicy || this.#options.admitsStrangers === true;
  }

  /**
   * Sends on iopub to every peer that subscribed to a prefix of `topic`, in order, never waiting; see
   * {@link ListenerLimits.queuedOutput} for what is kept when they are slow. Default: the message type.
   */
  publish(message: Message, topic: Uint8Array = Buffer.from(message.header.msg_type)): void {
    if (this.hasSubscribers) this.publishEncoded(encodeParts(message), topic, message);
  }

  /** As {@link publish}, for a message that goes out by several listeners and is encoded once. `heads` are those of `message`. */
  publishEncoded(message: EncodedMessage, topic: Uint8Array, heads: MessageHeaders): void {
    if (this.#closing) return;
    const frames = [topic, ...this.#parts.codec.sign(message)];
    this.#output.publish(frames, totalBytes(frames), heads);
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

  /** @internal */
  report(event: ListenerEvent): void {
    if (this.#closing) return;
    if (event.kind === 'peer-accepted' && this.#parts.limiters[event.socket].wantsWatching) this.#watch(event.socket);
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      reportUncaught(error);
    }
  }

  /** @internal Ends all connections to a socket. */
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
        // Done at once or not at all: strangers may ask, and need not read.
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

  /** A handler that throws must not make the listener deaf; and where nobody listens to events, it must not be silent. */
  #handlerFailed(socket: SocketName, error: unknown): void {
    if (this.#options.onEvent) return this.report({ kind: 'handler-failed', socket, error });
    reportUncaught(error);
  }

  /** Where no descriptor is left to watch with, nobody is known to leave, and the socket fills up. */
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
    if (linger > 0) await atMost(linger, Promise.all(queues.map(async (queue) => queue.drained())));
    for (const queue of queues) queue.clear();
    await Promise.all([watched.close(Math.max(0, end - performance.now())), ...this.#loops]);
    this.#disown();
  }
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  try {
    await Promise.race([work, delay(milliseconds, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
