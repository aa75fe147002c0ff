import { setTimeout as delay } from 'node:timers/promises';
import { Router, XPublisher, type Context, type Socket } from 'zeromq';
import type { ConnectionInfo, Ports } from '../../connection/connection-info.js';
import { dialable, endpoint, isIPv6Endpoint } from '../../connection/endpoints.js';
import { CurveKernelError } from '../../errors.js';
import type { RequestChannel, SocketName } from '../../protocol/message.js';
import type { ZapPolicy } from './zap-policy.js';
import { bindIpc } from './bind-ipc.js';
import { serveCurve } from '../curve-options.js';
import {
  BACKLOG,
  frameLimit,
  RECEIVE_MARK,
  SEND_MARK,
  SUBSCRIPTION_MARK,
  type ListenerLimits,
} from './listener-limits.js';
import { perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import { errorCode, errorMessage } from '../../support/system-error.js';
import { closeSockets, CLOSING_GRACE } from '../watch-socket.js';

/** The sockets of a kernel (Jupyter messaging, “The wire protocol”). */
export type ServerSockets = Readonly<Record<RequestChannel | 'heartbeat', Router>> & {
  readonly iopub: XPublisher;
};

/** Options of {@link bindSockets}. */
export interface BindOptions {
  readonly context: Context;
  /** Peers of different people share the sockets. Default: false. */
  readonly admitsStrangers?: boolean;
  readonly connection: ConnectionInfo;
  readonly limits: ListenerLimits;
  /** Absent: plain text. */
  readonly zapPolicy?: Pick<ZapPolicy, 'server' | 'domain'>;
}

/** Five bound sockets. */
export interface BoundSockets {
  readonly sockets: ServerSockets;
  /** The connection asked for, with the ports that the system chose in place of 0. */
  readonly connection: ConnectionInfo;
  /** The endpoints at which this machine reaches them. */
  readonly addresses: Readonly<Record<SocketName, string>>;
  /** Removes the socket files of ipc. */
  readonly removeFiles: () => void;
  /**
   * Ends every connection of a socket and binds it to its address again. Throws `bind-failed` or `address-in-use` when another process
   * has taken the address; then that socket serves no more.
   */
  readonly rebind: (name: SocketName) => Promise<void>;
}

/** Binds the five sockets, or none. Throws `address-in-use`, `bind-failed`, `endpoint-invalid`. */
export async function bindSockets(options: BindOptions): Promise<BoundSockets> {
  const sockets = makeSockets(options);
  const removers = new Map<SocketName, () => void>();
  const ports: Record<SocketName, number> = { ...options.connection.ports };
  const addresses = perSocket(() => '');
  try {
    for (const name of SOCKET_NAMES) {
      const bind = options.connection.transport === 'ipc' ? bindOneIpc : bindOneTcp;
      const bound = await bind(sockets[name], { ...options.connection, ports }, name);
      if (bound.remove) removers.set(name, bound.remove);
      ports[name] = bound.port;
      addresses[name] = bound.address;
    }
  } catch (error) {
    for (const remove of removers.values()) remove();
    await closeSockets(...Object.values(sockets));
    throw error;
  }
  const connection = { ...options.connection, ports: ports satisfies Ports };
  const rebind = async (name: SocketName): Promise<void> => {
    const socket = sockets[name];
    // The endpoint that was bound; on a bound endpoint this is a synchronous unbind.
    socket.disconnect(socket.lastEndpoint ?? addresses[name]);
    removers.get(name)?.();
    const bind = connection.transport === 'ipc' ? bindOneIpc : bindOneTcp;
    for (let attempt = 1; ; attempt++) {
      // libzmq closes the listening socket in its own thread.
      await delay(REBIND_PAUSE);
      if (socket.closed) return;
      try {
        const { remove } = await bind(socket, connection, name);
        if (remove) removers.set(name, remove);
        return;
      } catch (error) {
        if (attempt >= REBIND_ATTEMPTS) throw error;
      }
    }
  };
  const removeFiles = (): void => removers.forEach((remove) => remove());
  return { sockets, connection, addresses, removeFiles, rebind };
}

/** Milliseconds. */
const REBIND_PAUSE = 20;
const REBIND_ATTEMPTS = 100;

function makeSockets({ context, connection, limits, zapPolicy, admitsStrangers = false }: BindOptions): ServerSockets {
  const made: Socket[] = [];
  const ready = <T extends Socket>(socket: T, name: SocketName): T => {
    made.push(socket);
    if (zapPolicy) serveCurve(socket, zapPolicy.server, zapPolicy.domain(name));
    return socket;
  };
  const common = (name: SocketName) => ({
    context,
    linger: CLOSING_GRACE,
    // A send is done at once or refused; a refused message waits in our own queues.
    sendTimeout: 0,
    sendHighWaterMark: SEND_MARK,
    receiveHighWaterMark: name === 'iopub' ? SUBSCRIPTION_MARK : RECEIVE_MARK,
    handshakeInterval: limits.handshake,
    maxMessageSize: frameLimit(name, limits),
    // No ZMTP heartbeats (ZMQ_HEARTBEAT_IVL): libzmq 4.3.5 aborts the process when a ping is due on a connection that it does not read at
    // the moment and whose peer has gone (stream_engine_base.cpp, `out_event`; libzmq issues 3937, 4364 and 4767). Any client can bring that
    // about, and so can an attacker on the path without a key.
    backlog: BACKLOG,
    tcpKeepalive: 1,
    tcpMaxRetransmitTimeout: limits.unresponsive,
    ipv6: connection.transport === 'tcp' && isIPv6Endpoint(endpoint(connection, name)),
  });
  // A client that comes back with its old routing id takes over from its old connection, as with ipykernel: the server side
  // may not have noticed yet that the old one is dead. Both ends belong to the identity this listener admits. Where strangers
  // share it, a second peer with the same routing id gets nothing while the first one is connected.
  const router = (name: SocketName, mandatory: boolean): Router =>
    ready(new Router({ ...common(name), handover: !admitsStrangers, mandatory }), name);
  try {
    return {
      shell: router('shell', true),
      iopub: ready(new XPublisher({ ...common('iopub'), verbosity: 'allSubsUnsubs', noDrop: true }), 'iopub'),
      stdin: router('stdin', true),
      control: router('control', true),
      // A client that does not read the echo loses it.
      heartbeat: router('heartbeat', false),
    };
  } catch (cause) {
    for (const socket of made) socket.close();
    throw new CurveKernelError('bind-failed', `No sockets can be opened to listen with: ${errorMessage(cause)}.`, {
      hint: 'Close connections that are not needed, or allow more open files (ulimit -n).',
      cause,
    });
  }
}

type BindOne = (
  socket: Router | XPublisher,
  connection: ConnectionInfo,
  name: SocketName,
) => Promise<{ readonly port: number; readonly address: string; readonly remove?: () => void }>;

const bindOneTcp: BindOne = async (socket, connection, name) => {
  const address = endpoint(connection, name);
  try {
    socket.bindSync(address);
  } catch (cause) {
    throw bindError(address, cause);
  }
  // With the port that was chosen, and the address of a network interface that was named.
  const bound = socket.lastEndpoint ?? address;
  return { port: Number(bound.split(':').at(-1)), address: dialable(bound) };
};

const bindOneIpc: BindOne = async (socket, connection, name) => {
  const wanted = connection.ports[name];
  for (let port = wanted || 1; ; port++) {
    const address = endpoint({ ...connection, ports: { ...connection.ports, [name]: port } }, name);
    try {
      return { port, address, remove: await bindIpc(socket, address.slice('ipc://'.length)) };
    } catch (error) {
      if (wanted !== 0 || !(error instanceof CurveKernelError && error.code === 'address-in-use')) throw error;
    }
  }
};

function bindError(address: string, cause: unknown): CurveKernelError {
  const taken = errorCode(cause) === 'EADDRINUSE';
  return new CurveKernelError(
    taken ? 'address-in-use' : 'bind-failed',
    taken ? `Another process listens on ${address}.` : `Cannot listen on ${address}: ${errorMessage(cause)}.`,
    {
      hint: taken ? 'Choose another port, or 0 for a free one.' : 'The address must be one of this machine.',
      cause,
      data: { address },
    },
  );
}
