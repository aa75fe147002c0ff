import { isIPv6 } from 'node:net';
import { Dealer, Subscriber, type Context } from 'zeromq';
import type { ConnectionInfo } from '../connection/connection-info.js';
import type { RequestChannel } from '../protocol/message.js';
import { dialCurve, type ClientKeys } from './curve-options.js';

/** The sockets of a client (Jupyter messaging, “The wire protocol”). */
export type ClientSockets = Readonly<Record<RequestChannel | 'heartbeat', Dealer>> & { readonly iopub: Subscriber };

/** Milliseconds for one handshake. A peer that accepts a connection and says nothing is then tried again. */
const HANDSHAKE = 5_000;

/**
 * Milliseconds until libzmq would connect again by itself: a day. A {@link Link} does it sooner and by its own rules. Not -1 (never),
 * and not `immediate`: with either one libzmq throws away what it has received and nobody has read yet when a connection ends,
 * and that is where a kernel's last words are.
 */
const NEVER = 86_400_000;

/** What {@link makeClientSockets} makes sockets for. */
export interface ClientSocketOptions {
  readonly context: Context;
  readonly connection: ConnectionInfo;
  /** Absent: plain text. */
  readonly keys: ClientKeys | undefined;
  readonly routingId: string;
  /** The most bytes of one received frame. */
  readonly messageBytes: number;
}

/** Five sockets, not connected yet. They are to be connected by a {@link Link} each. */
export function makeClientSockets(options: ClientSocketOptions): ClientSockets {
  const { context, connection, keys, routingId, messageBytes } = options;
  const common = {
    context,
    linger: 0,
    reconnectInterval: NEVER,
    handshakeInterval: HANDSHAKE,
    // A frame that is dropped or a kernel that is held up because this process was busy would be a message lost in a stock
    // kernel, whose iopub queue is short. So everything is taken in at once; what a kernel sends is trusted.
    receiveHighWaterMark: 0,
    maxMessageSize: messageBytes,
    tcpKeepalive: 1,
    ipv6: connection.transport === 'tcp' && isIPv6(connection.ip),
  };
  const dealer = (identity?: string): Dealer => {
    const socket = new Dealer({
      ...common,
      sendTimeout: 0,
      sendHighWaterMark: 0,
      ...(identity && { routingId: identity }),
    });
    if (keys) dialCurve(socket, keys);
    return socket;
  };
  const iopub = new Subscriber(common);
  if (keys) dialCurve(iopub, keys);
  iopub.subscribe();
  return { shell: dealer(routingId), control: dealer(routingId), stdin: dealer(routingId), iopub, heartbeat: dealer() };
}
