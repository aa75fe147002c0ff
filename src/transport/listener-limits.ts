import type { SocketName } from '../protocol/message.js';

/** What a listener puts up with. */
export interface ListenerLimits {
  /**
   * Milliseconds for the whole handshake, from the accepted connection on. What has not finished then is cut off, so that
   * connections which say nothing cannot use up the descriptors.
   */
  readonly handshake: number;
  /**
   * The most bytes of one frame, and of one message, on shell, control and stdin. A longer frame costs its sender the
   * connection. It holds before the handshake too: it is what one stranger's connection can make the kernel hold.
   */
  readonly messageBytes: number;
  /**
   * Messages that wait for one peer, on one socket, that takes them more slowly than they are made, before more for *that
   * peer* are dropped (ZeroMQ's high-water mark; half of it may be the effective mark). Peers share what waits for all of them.
   */
  readonly queuedMessages: number;
  /** About so many bytes of messages wait for one peer on one socket, if they are more than a hundred messages. */
  readonly queuedBytes: number;
  /**
   * Connections of peers with a right key to one socket, so that one identity cannot use up the descriptors of all. On heartbeat that
   * is whoever knows the public key.
   */
  readonly peers: number;
  /** Milliseconds for the proof at the start that a stranger and a plaintext peer are refused. */
  readonly selfCheck: number;
}

/** The limits of a listener that was given none. */
export const DEFAULT_LISTENER_LIMITS: ListenerLimits = Object.freeze({
  handshake: 3_000,
  messageBytes: 64 * 1024 * 1024,
  queuedMessages: 65_536,
  queuedBytes: 512 * 1024 * 1024,
  peers: 64,
  selfCheck: 5_000,
});

/** What one socket of a listener puts up with. */
export interface SocketLimits {
  /** The most bytes that a peer may send in one frame. */
  readonly frameBytes: number;
  /** As in {@link ListenerLimits}. */
  readonly queuedMessages: number;
}

/** Subscriptions; libzmq's handshake must fit as well. */
const SUBSCRIPTION_BYTES = 64 * 1024;
/**
 * Heartbeat admits strangers, and returns what it is sent: whoever asks and does not read must not make the kernel keep more than a
 * few of these. Real pings are one at a time, and of some bytes.
 */
const PING: SocketLimits = { frameBytes: 4096, queuedMessages: 16 };

/** The limits of one socket. */
export function socketLimits(socket: SocketName, { messageBytes, queuedMessages }: ListenerLimits): SocketLimits {
  if (socket === 'heartbeat') return PING;
  const frameBytes = socket === 'iopub' ? Math.min(SUBSCRIPTION_BYTES, messageBytes) : messageBytes;
  return { frameBytes, queuedMessages };
}
