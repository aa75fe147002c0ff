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
  /** Milliseconds for the proof at the start that a stranger and a plaintext peer are refused. */
  readonly selfCheck: number;
}

/** The limits of a listener that was given none. */
export const DEFAULT_LISTENER_LIMITS: ListenerLimits = Object.freeze({
  handshake: 3_000,
  messageBytes: 64 * 1024 * 1024,
  queuedMessages: 65_536,
  queuedBytes: 512 * 1024 * 1024,
  selfCheck: 5_000,
});

/** Subscriptions and heartbeats; libzmq's handshake must fit as well. */
const SMALL_FRAME = 64 * 1024;

/** The most bytes that a peer may send to this socket in one frame. */
export function frameLimit(socket: SocketName, limits: ListenerLimits): number {
  return socket === 'iopub' || socket === 'heartbeat'
    ? Math.min(SMALL_FRAME, limits.messageBytes)
    : limits.messageBytes;
}
