import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { EncodedMessage } from '../../protocol/frames.js';
import type { Message, RequestChannel, SocketName } from '../../protocol/message.js';
import type { TransportContext } from '../transport-context.js';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';
import type { MessageHeaders, OutputLoss } from './publish-queue.js';
import type { SenderRights } from './sender-rights.js';
import type { Admit } from './zap-policy.js';

/**
 * Five bound sockets that admit one identity: every message that arrives here was sent by that identity, whatever its headers and routing
 * ids say. Opened by {@link openListener}.
 */
export interface Listener extends AsyncDisposable {
  /** The identity that it admits. */
  readonly name: string;
  /** The connection that was asked for, with the real ports. */
  readonly connection: ConnectionInfo;
  /** Bytes on iopub that wait for the slowest client, see {@link ListenerOptions.onPressure}. What libzmq holds is not in it. */
  readonly pressure: number;
  /** Whether there may be a subscriber on iopub. Always true in plain text, and among strangers, who may lie about each other. */
  readonly hasSubscribers: boolean;

  /**
   * Sends to one peer of this listener. Messages to one peer keep their order. Never waits: what a slow peer does not take is kept
   * (see {@link ListenerLimits.queuedReplies}), and a message to a peer that is gone is dropped. The message's buffers are sent without
   * a copy: leave them alone.
   */
  send(channel: RequestChannel, routing: readonly Uint8Array[], message: Message): void;

  /**
   * Sends on iopub to every peer that subscribed to a prefix of `topic`, in order, never waiting; see
   * {@link ListenerLimits.queuedOutput} for what is kept when they are slow. Default topic: the message type.
   */
  publish(message: Message, topic?: Uint8Array): void;

  /** As {@link publish}, for a message that goes out by several listeners and is encoded once. `headers` are those of the message. */
  publishEncoded(message: EncodedMessage, topic: Uint8Array, headers: MessageHeaders): void;

  /**
   * Ends every connection, unbinds, removes the socket files; resolves when all that is done. With `linger` (milliseconds,
   * default 0), what was sent before is given that long to leave.
   */
  close(options?: { readonly linger?: number }): Promise<void>;
}

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
