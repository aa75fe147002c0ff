import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { samePublicKey } from '../../keys/curve-pair.js';
import { encodeParts, totalBytes, type EncodedMessage } from '../../protocol/frames.js';
import type { Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { createKnockEnds } from './probe-disconnects.js';
import { openGate, type Gate } from './zap-policy.js';
import { Audience } from './subscription-tracker.js';
import { Crowd } from './connection-limiter.js';
import { bindSockets, type BoundSockets } from './bind-sockets.js';
import { isRequestChannel, perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import { PublishQueue, type Heads } from './publish-queue.js';
import { ReplyQueues } from './reply-queues.js';
import type { ListenerEvent } from './listener-event.js';
import { DEFAULT_LISTENER_LIMITS, type ListenerLimits } from './listener-limits.js';
import type { ListenerOptions } from './listener-options.js';
import { createMessageCodec, type MessageCodec } from '../message-codec.js';
import { receiveEach } from '../receive-each.js';
import { RequestIntake } from './request-intake.js';
import { knocksAt, selfCheck } from './self-check.js';
import { readingBy } from './sender-rights.js';
import { throwLater } from '../../support/report-uncaught.js';
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
  const audience = new Audience();
  const crowds = perSocket(() => new Crowd(limits));
  const early: ListenerEvent[] = [];
  let listener: Listener | undefined;
  const onEvent = (event: ListenerEvent): void => {
    const accepted = event.kind === 'peer-accepted';
    if (accepted && event.socket === 'iopub') audience.expect();
    if (listener) return listener.report(event);
    // Before there is a listener, those refused are the knocks of the self-check, and nobody's business.
    if (accepted) early.push(event);
  };
  const gate = server && openGate({ ...options, server, hasRoom: (name) => crowds[name].enter(), onEvent });
  const monitored = options.onEvent ? (options.monitor ?? SOCKET_NAMES) : [];
  const knocks = createKnockEnds(
    server ? new Map(monitored.map((name) => [name, knocksAt(name, options)])) : new Map(),
  );
  const observe: ObserveConnection = (name, event) => {
    knocks.observe(name, event);
    const reported = crowds[name].observe(name, event);
    if (reported && monitored.includes(name)) listener?.report(reported);
    if (crowds[name].wantsRebinding) listener?.resetConnections(name, 'stuck');
  };
  let bound: BoundSockets | undefined;
  let watched: WatchedConnections | undefined;
  try {
    const socketLimits = { ...limits, frameBytes: frameBytesFor(options, limits) };
    bound = await bindSockets({ ...options, context: context.zmq, limits: socketLimits, ...(gate && { gate }) });
    // From now on, so that the ends of the self-check's own connections are told from those of peers.
    for (const name of monitored) crowds[name].watch();
    watched = watchConnections(bound.sockets, monitored, observe);
    if (server)
      await selfCheck(context.zmq, bound.addresses, server.publicKey, { ...options, timeout: limits.selfCheck });
    await knocks.seen();
    context.checkOpen();
  } catch (error) {
    gate?.close();
    bound?.removeFiles();
    await watched?.close();
    throw error;
  }
  listener = new Listener(options, { bound, watched, codec, gate, limits, audience, crowds });
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
  readonly gate: Gate | undefined;
  readonly limits: ListenerLimits;
  readonly audience: Audience;
  readonly crowds: Readonly<Record<SocketName, Crowd>>;
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
    const { bound, audience, limits } = parts;
    const { turns } = options.context;
    this.#output = new PublishQueue({
      socket: bound.sockets.iopub,
      limits,
      subscriptions: () => audience.size,
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
        pace: turns.pace(this.name),
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
        turns.pace(name === 'heartbeat' ? '' : this.name),
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
  get hasAudience(): boolean {
    return this.#parts.audience.present || !this.#parts.gate || this.#options.admitsStrangers === true;
  }

  /**
   * Sends on iopub to every peer that subscribed to a prefix of `topic`, in order, never waiting; see
   * {@link ListenerLimits.queuedOutput} for what is kept when they are slow. Default: the message type.
   */
  publish(message: Message, topic: Uint8Array = Buffer.from(message.header.msg_type)): void {
    if (this.hasAudience) this.publishEncoded(encodeParts(message), topic, message);
  }

  /** As {@link publish}, for a message that goes out by several listeners and is encoded once. `heads` are those of `message`. */
  publishEncoded(message: EncodedMessage, topic: Uint8Array, heads: Heads): void {
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
    if (event.kind === 'peer-accepted' && this.#parts.crowds[event.socket].wantsWatching) this.#watch(event.socket);
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      throwLater(error);
    }
  }

  /** @internal Ends all connections to a socket. */
  resetConnections(name: SocketName, reason: 'topics' | 'stuck'): void {
    if (this.#closing || this.#rebinding.has(name)) return;
    this.#rebinding.add(name);
    const { bound, crowds } = this.#parts;
    const rebound = bound.rebind(name);
    crowds[name].rebound();
    if (name === 'iopub') this.#parts.audience.forgetTopics();
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
    if (frame[0] === 0) this.#parts.audience.unsubscribed(topic.toString('latin1'));
    if (frame[0] !== 1) return;
    this.#parts.audience.subscribed(topic.toString('latin1'));
    if (this.#parts.audience.topicBytes > this.#parts.limits.topicBytes)
      return this.resetConnections('iopub', 'topics');
    this.#options.onSubscribe?.(topic);
  }

  #receiveMessage(channel: RequestChannel, frames: Buffer[]): void {
    const { rights } = this.#options;
    let decoded;
    try {
      decoded = this.#parts.codec.decode(frames, rights && readingBy(rights, channel, this.#parts.limits));
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
    throwLater(error);
  }

  /** Where no descriptor is left to watch with, nobody is known to leave, and the socket fills up. */
  #watch(name: SocketName): void {
    const { watched, crowds } = this.#parts;
    try {
      watched.watch(name);
      crowds[name].watch();
    } catch (error) {
      this.report({ kind: 'handler-failed', socket: name, error });
    }
  }

  async #close(linger: number): Promise<void> {
    const { gate, bound, watched } = this.#parts;
    gate?.close();
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
