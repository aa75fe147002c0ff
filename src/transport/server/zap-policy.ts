import { withTimeout } from '../../support/timers.js';
import { type CurvePair, samePublicKey } from '../../keys/curve-pair.js';
import type { SocketName } from '../../protocol/message.js';
import { SOCKET_NAMES } from '../../connection/per-socket.js';
import type { ListenerEvent } from './listener-event.js';
import type { TransportContext } from '../transport-context.js';

/** A peer in its handshake. It has proved to hold the key. */
export interface ConnectionAttempt {
  readonly socket: SocketName;
  /** In Z85. On heartbeat stock clients use a throw-away one. */
  readonly publicKey: string;
  /** IP address for tcp; `localhost:uid:gid:pid` for ipc. */
  readonly address: string;
}

/** Decides whether to admit a peer. An exception, a rejection or a decision later than {@link VERDICT_TIMEOUT} refuses it. */
export type Admit = (attempt: ConnectionAttempt) => boolean | Promise<boolean>;

/** Milliseconds for an answer; less than libzmq waits for the whole handshake. */
export const VERDICT_TIMEOUT = 1_500;

/** Options of {@link registerZapPolicy}. */
export interface ZapPolicyOptions {
  readonly context: TransportContext;
  /** The identity that is admitted; its ZAP user id. */
  readonly name: string;
  readonly server: CurvePair;
  /**
   * Client keys for shell, control, stdin and iopub, or a function that decides for all five sockets. Default: the server's own,
   * the shared pair of JEP 145.
   */
  readonly admit?: readonly string[] | Admit;
  /** Counts one more peer of a socket; false at the limit. */
  readonly tryAdmit: (socket: SocketName) => boolean;
  readonly onEvent: (event: ListenerEvent) => void;
}

/** The ZAP side of a listener. */
export interface ZapPolicy {
  readonly server: CurvePair;
  /** The ZAP domain of one of its sockets. */
  readonly domain: (socket: SocketName) => string;
  /** Refuses every new peer from now on. */
  readonly close: () => void;
}

/**
 * Registers a rule for each of the five ZAP domains of a listener. With keys: shell, control, stdin and iopub admit these only; heartbeat
 * admits every peer that knows the server key, since stock clients use throw-away pairs there (JEP 145) and it carries no content.
 */
export function registerZapPolicy({
  context,
  name,
  server,
  admit = [server.publicKey],
  tryAdmit,
  onEvent,
}: ZapPolicyOptions): ZapPolicy {
  const prefix = context.newDomain(name);
  const domain = (socket: SocketName): string => `${prefix}.${socket}`;
  const decide: Admit = typeof admit === 'function' ? admit : admitKeys(admit);
  let open = true;
  const withdraw = SOCKET_NAMES.map((socket) =>
    context.zap.govern(domain(socket), async ({ address, publicKey }) => {
      const isAdmitted =
        publicKey !== undefined && (await isInTime(async () => decide({ socket, publicKey, address })));
      const isAllowed = isAdmitted && open;
      const peer = { socket, address, ...(publicKey !== undefined && { publicKey }) };
      if (isAllowed && tryAdmit(socket)) {
        onEvent({ kind: 'peer-accepted', ...peer });
        return { userId: name };
      }
      onEvent({ kind: 'peer-refused', ...peer, ...(isAllowed && { limitExceeded: true }) });
      return isAllowed ? 'busy' : 'refused';
    }),
  );
  const close = (): void => {
    open = false;
    for (const end of withdraw) end();
  };
  return { server, domain, close };
}

const admitKeys =
  (keys: readonly string[]): Admit =>
  ({ socket, publicKey }) =>
    socket === 'heartbeat' || isAmong(publicKey, keys);

/** Compares with all of them, so that the time does not reveal which one matched. */
const isAmong = (publicKey: string, keys: readonly string[]): boolean =>
  keys.filter((key) => samePublicKey(key, publicKey)).length > 0;

async function isInTime(decide: () => Promise<boolean>): Promise<boolean> {
  return withTimeout(decide(), VERDICT_TIMEOUT, () => false).catch(() => false);
}
