import type { Peer } from '../access/grants/grant-info.js';
import type { SocketName } from '../protocol/message.js';
import type { ListenerEvent } from '../transport/server/listener-event.js';

/** A client that has left, with the sockets that it had. */
export interface LeftClient {
  readonly address: string;
  readonly sockets: readonly SocketName[];
}

/** The one socket whose connections are watched: a client is there as long as its shell is. */
export const WATCHED_SOCKETS: readonly SocketName[] = ['shell'];

/** The sockets that admit one key, which are all watched where it matters that no connection is left. */
export const KEYED_SOCKETS: readonly SocketName[] = ['shell', 'control', 'stdin', 'iopub'];

const MAX_SOCKETS = 5;
/** Clients without a shell, of which it may not be known whether they are there; those that came first are given up beyond it. */
const MAX_UNSEEN = 16;
/** More than are let in at once, so beyond it some have left without a word. */
const MAX_PEERS = 1_024;
/** Milliseconds from the verdict on a connection to the report that it was let in, at most. */
const EXPECTED = 2_000;

/**
 * The clients of one listener, counted by what it reports. libzmq does not say which connection ended, so of several from different
 * addresses the one that came first is taken to be the one that left.
 */
export function createPeers() {
  const peers: Entry[] = [];
  /** Connections that have ended with their client, and are still to be reported as ended. */
  const owed = createCounts();
  const open = createCounts();
  const seen = new Set<string>();
  const expected = new Map<string, number>();

  const accept = (socket: SocketName, address: string, now: Date): void => {
    if (socket !== 'heartbeat') {
      open.add(socket, 1);
      seen.add(address);
      expected.delete(address);
      const [first = address] = seen;
      if (seen.size > MAX_PEERS) seen.delete(first);
    }
    const known = peers.find(
      (peer) => peer.address === address && !peer.sockets.has(socket) && peer.sockets.size < MAX_SOCKETS,
    );
    if (known) known.sockets.add(socket);
    else peers.push({ address, since: now.toISOString(), sockets: new Set([socket]) });
    const unseen = peers.filter((peer) => !hasShell(peer));
    if (unseen.length > MAX_UNSEEN) drop(unseen[0]);
    if (peers.length > MAX_PEERS) drop(peers[0]);
  };
  const drop = (peer: Entry | undefined): void => {
    if (peer) peers.splice(peers.indexOf(peer), 1);
  };
  /** Its other connections end with it, and are told of before or after. */
  const leave = (peer: Entry): LeftClient => {
    drop(peer);
    for (const socket of peer.sockets) if (socket !== 'shell') owed.add(socket, 1);
    return { address: peer.address, sockets: [...peer.sockets].toSorted() };
  };
  const end = (socket: SocketName): LeftClient | undefined => {
    if (socket !== 'heartbeat') {
      open.add(socket, -1);
      if (KEYED_SOCKETS.every((name) => open.of(name) === 0)) seen.clear();
    }
    if (socket !== 'shell' && owed.of(socket) > 0) {
      owed.add(socket, -1);
      return undefined;
    }
    const having = peers.filter(({ sockets }) => sockets.has(socket));
    // Clients with a shell leave with that.
    const peer = having.find((one) => socket === 'shell' || !hasShell(one)) ?? having[0];
    if (socket === 'shell') return peer && leave(peer);
    peer?.sockets.delete(socket);
    if (peer?.sockets.size === 0) drop(peer);
    return undefined;
  };

  return {
    list: (): readonly Peer[] =>
      peers.filter(isClient).map(({ address, since, sockets }) => ({ address, since, sockets: sockets.size })),
    /**
     * The addresses of the connections: every address from which one was admitted since there was none, and where one is
     * expected. Heartbeat does not count, which admits every key.
     */
    get addresses(): ReadonlySet<string> {
      const recent = performance.now() - EXPECTED;
      for (const [address, at] of expected) if (at < recent) expected.delete(address);
      return new Set([...seen, ...expected.keys()]);
    },
    /** A connection from that address is about to be let in. It counts from now on. */
    expect: (address: string): void => void expected.set(address, performance.now()),
    /** Takes in what happened; returns the client that has left by it. */
    take(event: ListenerEvent, now: Date): LeftClient | undefined {
      if (event.kind === 'peer-accepted') accept(event.socket, event.address, now);
      return event.kind === 'peer-left' ? end(event.socket) : undefined;
    },
  };
}

interface Entry {
  readonly address: string;
  readonly since: string;
  readonly sockets: Set<SocketName>;
}

const hasShell = ({ sockets }: Entry): boolean => sockets.has('shell');

/** Heartbeat alone may be a stranger's. */
const isClient = ({ sockets }: Entry): boolean => KEYED_SOCKETS.some((socket) => sockets.has(socket));

function createCounts() {
  const counts = new Map<SocketName, number>();
  const of = (socket: SocketName): number => counts.get(socket) ?? 0;
  return {
    of,
    add: (socket: SocketName, more: number): void => void counts.set(socket, Math.max(0, of(socket) + more)),
  };
}
