import type { SocketName } from '../../protocol/message.js';
import type { ListenerEvent } from '../../transport/listener-event.js';

/** A client that is connected. */
export interface Peer {
  /** As ZAP (ZeroMQ RFC 27) names it: an IP address for tcp, `localhost:uid:gid:pid` for ipc. */
  readonly address: string;
  /** ISO 8601. */
  readonly since: string;
  /** Of its connections, how many have been seen; a stock client has five. */
  readonly sockets: number;
}

/** The clients of one listener. */
export interface Peers {
  list(): readonly Peer[];
  readonly addresses: ReadonlySet<string>;
  /** Takes in what happened; returns the client that has left by it. */
  take(
    event: ListenerEvent,
    now: Date,
  ): { readonly address: string; readonly sockets: readonly SocketName[] } | undefined;
}

/** The one socket whose connections are watched: a client is there as long as its shell is. */
export const WATCHED_SOCKETS: readonly SocketName[] = ['shell'];

const MOST_SOCKETS = 5;
/** Clients without a shell, of which it is not known whether they are there; those that came first are given up beyond it. */
const MOST_UNSEEN = 16;

/**
 * Counts clients by what their listener reports. libzmq does not say which connection ended, so of several from different
 * addresses the one that came first is taken to be the one that left.
 */
export function createPeers(): Peers {
  const peers: { address: string; since: string; sockets: Set<SocketName> }[] = [];
  return {
    list: () => peers.map(({ address, since, sockets }) => ({ address, since, sockets: sockets.size })),
    get addresses() {
      return new Set(peers.map(({ address }) => address));
    },
    take(event, now) {
      if (event.kind === 'peer-accepted') {
        const { address, socket } = event;
        const known = peers.find(
          (peer) => peer.address === address && !peer.sockets.has(socket) && peer.sockets.size < MOST_SOCKETS,
        );
        if (known) known.sockets.add(socket);
        else peers.push({ address, since: now.toISOString(), sockets: new Set([socket]) });
        const unseen = peers.filter(({ sockets }) => !WATCHED_SOCKETS.some((watched) => sockets.has(watched)));
        if (unseen.length > MOST_UNSEEN)
          peers.splice(
            peers.findIndex((peer) => peer === unseen[0]),
            1,
          );
      }
      if (event.kind === 'peer-left' && WATCHED_SOCKETS.includes(event.socket)) {
        const left = peers.findIndex((peer) => peer.sockets.has(event.socket));
        const [peer] = left >= 0 ? peers.splice(left, 1) : [];
        return peer && { address: peer.address, sockets: [...peer.sockets].toSorted() };
      }
      return undefined;
    },
  };
}
