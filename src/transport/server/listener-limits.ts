import type { SocketName } from '../../protocol/message.js';

/** Resource limits of a listener. */
export interface ListenerLimits {
  /**
   * Milliseconds for the whole handshake, from the accepted connection on. A connection that has not finished it then is ended, and
   * its descriptor is free: connections that send nothing, from a sender that opens new ones for those that are ended, leave
   * descriptors / handshake new connections a second to others.
   */
  readonly handshake: number;
  /** The most bytes of one message on shell, control and stdin. A longer one is not looked at. */
  readonly messageBytes: number;
  /**
   * As `messageBytes`, for a sender that may send nothing large ({@link SenderRights.sendsLarge}); and the most bytes of one of its
   * frames, where that is so when the listener is opened.
   */
  readonly smallMessageBytes: number;
  /**
   * The most bytes of one frame on shell, control and stdin. A longer frame costs its sender the connection. It holds before the handshake
   * too: it is what one stranger's connection can make the kernel hold.
   */
  readonly frameBytes: number;
  /**
   * Bytes on iopub that wait for the slowest client. Above it output of more than 4 KB is dropped (`stream`, `display_data`,
   * `update_display_data`, `execute_result`), and its loss is told ({@link ListenerOptions.onLoss}). All other messages are kept, up to
   * four times as many bytes. libzmq holds sixteen messages more for each client.
   */
  readonly queuedOutput: number;
  /**
   * Bytes of replies that wait on one of shell, control and stdin, for all clients, before no more requests are taken in there. Replies
   * to requests that are in already are kept, whatever their size, unless their client takes nothing for as long as `unresponsive`.
   */
  readonly queuedReplies: number;
  /** Bytes of requests that one of shell, control and stdin holds, for all clients, while there is no room for their replies. */
  readonly heldRequests: number;
  /** Milliseconds for which a client that takes nothing holds up other clients of the same listener; then iopub leaves it out. */
  readonly stalled: number;
  /**
   * Milliseconds for which a client may take nothing, or not answer, before the system ends its tcp connection (ZMQ_TCP_MAXRT; Linux and
   * Windows). The default is what Linux allows a connection that is cut.
   */
  readonly unresponsive: number;
  /**
   * Connections of peers with a right key to one socket, so that one identity cannot use up the descriptors of all. On heartbeat every
   * peer that knows the public key counts.
   */
  readonly peers: number;
  /**
   * Bytes of all topics that clients have subscribed to on iopub since it was bound. Beyond it all connections to that socket are ended,
   * which frees the topics, and clients connect again. One topic has at most 990 bytes. The topic of an ordinary client is empty.
   */
  readonly topicBytes: number;
  /** Milliseconds for the proof at the start that a stranger and a plaintext peer are refused. */
  readonly selfCheck: number;
}

/** The default limits of a listener. */
export const DEFAULT_LISTENER_LIMITS: ListenerLimits = Object.freeze({
  handshake: 2_000,
  messageBytes: 64 * 1024 * 1024,
  smallMessageBytes: 1024 * 1024,
  frameBytes: 16 * 1024 * 1024,
  queuedOutput: 256 * 1024 * 1024,
  queuedReplies: 64 * 1024 * 1024,
  heldRequests: 64 * 1024 * 1024,
  stalled: 3_000,
  unresponsive: 15 * 60_000,
  peers: 64,
  topicBytes: 256 * 1024,
  selfCheck: 5_000,
});

/**
 * Messages that libzmq keeps for one peer of one socket, also of a client's. Constant, since it must not be lowered later, and low: what
 * waits in an {@link OutgoingQueue} is counted in bytes. Lower ones cost throughput (1 MB messages, MB/s: 4: 170, 16: 290).
 */
export const SEND_MARK = 16;

/**
 * Connections to one socket that the system keeps until they are accepted (listen(2); Linux takes `net.core.somaxconn` at most). They are
 * accepted in their order when there are no descriptors for a while. Beyond libzmq's own 100 the system drops the first packets of
 * others, which then try again after 1, 3 and 7 s, and in a flood of connections are dropped again.
 */
export const BACKLOG = 4096;

/** Messages that libzmq keeps of one peer before they are read; the peer waits then. */
export const RECEIVE_MARK = 16;

/**
 * The same for subscriptions, each of which costs libzmq much more time to store than to receive. With 1, the ZAP user id that libzmq puts
 * in front of the first one would leave no room for it.
 */
export const SUBSCRIPTION_MARK = 4;

/** Subscriptions. A handshake, with a routing id of 255 bytes, must fit as well: it takes 560. */
const SUBSCRIPTION_BYTES = 1024;
/** Heartbeat admits strangers, and returns what it is sent. Real pings are one at a time, and of some bytes. */
const PING_BYTES = 4096;

/** The most bytes that a peer may send to one socket in one frame. */
export function frameLimit(
  socket: SocketName,
  limits: Pick<ListenerLimits, 'messageBytes' | 'smallMessageBytes' | 'frameBytes'>,
): number {
  if (socket === 'heartbeat') return PING_BYTES;
  // A line of input.
  if (socket === 'stdin') return Math.min(limits.smallMessageBytes, limits.messageBytes, limits.frameBytes);
  const most = Math.min(limits.messageBytes, limits.frameBytes);
  return socket === 'iopub' ? Math.min(SUBSCRIPTION_BYTES, most) : most;
}
