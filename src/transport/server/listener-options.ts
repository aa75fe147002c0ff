import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { Message, RequestChannel, SocketName } from '../../protocol/message.js';
import type { Admit } from './zap-policy.js';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';
import type { Listener } from './listener.js';
import type { SenderRights } from './sender-rights.js';
import type { OutputLoss } from './publish-queue.js';
import type { TransportContext } from '../transport-context.js';

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

/** How a {@link Listener} is opened. */
export interface ListenerOptions {
  readonly context: TransportContext;
  /** The identity that it admits. */
  readonly name: string;
  /** Port 0: chosen by the system (tcp), or the first free one (ipc). */
  readonly connection: ConnectionInfo;
  /** Absent: plain text, for everybody who reaches the sockets; not allowed for a connection that has keys. */
  readonly server?: CurvePair;
  /**
   * Client keys for shell, control, stdin and iopub, or a function that decides for all five sockets. Default: the server's own,
   * the shared pair of JEP 145.
   */
  readonly admit?: readonly string[] | Admit;
  /** `admit` lets in whoever knows the server key, so at the start only a plaintext peer must be refused. Default: false. */
  readonly admitsStrangers?: boolean;
  readonly limits?: Partial<ListenerLimits>;
  /** What the identity may do. Default: everything. */
  readonly rights?: SenderRights;
  /** Called with every message that is signed, new, and has headers that can be read. */
  readonly onMessage: (received: ReceivedMessage) => void;
  /** Called with every subscription to iopub, whoever subscribed to the same before. */
  readonly onSubscribe?: (topic: Uint8Array) => void;
  /** Called with what happens to peers, and with what was thrown away. Without it, connections are not monitored at all. */
  readonly onEvent?: (event: ListenerEvent) => void;
  /**
   * Called with what a client does not get on iopub, so that it can be told there by this listener. What is published meanwhile comes
   * before what is published next.
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
