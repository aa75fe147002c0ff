import { Dealer, Subscriber, type Context } from 'zeromq';
import { isIPv6Endpoint } from '../../connection/endpoints.js';
import type { RequestChannel, SocketName } from '../../protocol/message.js';
import { dialCurve, type ClientKeys } from '../curve-options.js';
import { SEND_MARK } from '../server/listener-limits.js';
import { CLOSING_GRACE } from '../watch-socket.js';

/** The sockets of a client (Jupyter messaging, “The wire protocol”). */
export type ClientSockets = Readonly<Record<RequestChannel | 'heartbeat', Dealer>> & { readonly iopub: Subscriber };

/** Milliseconds for one handshake. A peer that accepts a connection and says nothing is then tried again. */
const HANDSHAKE = 5_000;

/**
 * Milliseconds until libzmq would connect again by itself: a day. A {@link SocketConnection} does it sooner and by its own rules. Not -1 (never),
 * and not `immediate`: with either one libzmq throws away messages that are received and not read yet when a connection ends,
 * and those are a kernel's last messages.
 */
const NEVER = 86_400_000;

/** Options of {@link makeClientSockets}. */
export interface ClientSocketOptions {
  readonly context: Context;
  readonly endpoints: Readonly<Record<SocketName, string>>;
  /** Absent: plain text. */
  readonly keys: ClientKeys | undefined;
  readonly routingId: string;
  /** Of iopub. */
  readonly topics: readonly string[];
  /** The most bytes of one received frame. */
  readonly messageBytes: number;
}

/**
 * Five sockets, not connected yet, or none. They are to be connected by a {@link SocketConnection} each. Throws the error of libzmq for too many
 * open sockets; TypeError for a routing id that no socket can have.
 */
export function makeClientSockets(options: ClientSocketOptions): ClientSockets {
  const { context, endpoints, keys, routingId, topics, messageBytes } = options;
  checkRoutingId(routingId);
  // zeromq.js takes the context out of the options that it is given: each socket needs a copy of them.
  const common = {
    context,
    linger: CLOSING_GRACE,
    reconnectInterval: NEVER,
    handshakeInterval: HANDSHAKE,
    // A stock kernel drops messages that its short iopub queue cannot hold while this process is busy. So everything is received
    // at once; a kernel's messages are trusted.
    receiveHighWaterMark: 0,
    maxMessageSize: messageBytes,
    tcpKeepalive: 1,
    ipv6: isIPv6Endpoint(endpoints.shell),
  };
  const made: (Dealer | Subscriber)[] = [];
  const ready = <T extends Dealer | Subscriber>(socket: T): T => {
    made.push(socket);
    if (keys) dialCurve(socket, keys);
    return socket;
  };
  const dealer = (identity: { routingId?: string }): Dealer =>
    ready(new Dealer({ ...common, sendTimeout: 0, sendHighWaterMark: SEND_MARK, ...identity }));
  try {
    const iopub = ready(new Subscriber({ ...common }));
    for (const topic of topics) iopub.subscribe(topic);
    const [shell, control, stdin] = [dealer({ routingId }), dealer({ routingId }), dealer({ routingId })];
    return { shell, control, stdin, iopub, heartbeat: dealer({}) };
  } catch (error) {
    for (const socket of made) socket.close();
    throw error;
  }
}

/** Names that begin with a zero byte are libzmq's own. */
function checkRoutingId(routingId: string): void {
  const bytes = Buffer.byteLength(routingId);
  if (bytes < 1 || bytes > 255 || routingId.startsWith('\0')) {
    throw new TypeError(`A routing id has 1 to 255 bytes and begins with none that is zero; this one has ${bytes}.`);
  }
}
