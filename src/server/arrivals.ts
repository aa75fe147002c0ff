import type { SocketName } from '../protocol/message.js';

/** See {@link createArrivals}. */
export type Arrivals = ReturnType<typeof createArrivals>;

/** Milliseconds in which a client opens its sockets. */
const GATHERING = 1_000;
const SOCKETS = 5;

/**
 * Gathers the connections of clients, so that one client over five sockets is one event. Calls `tell` once for each client: when it has all its sockets, or a second after its first. Connections from one address are one
 * client's, until one of them is to a socket that the client has already.
 */
export function createArrivals(tell: (sockets: readonly SocketName[], address: string) => void) {
  const pending = new Map<Set<SocketName>, { readonly address: string; readonly timer: NodeJS.Timeout }>();
  const end = (sockets: Set<SocketName>): void => {
    const arrival = pending.get(sockets);
    if (!arrival) return;
    pending.delete(sockets);
    clearTimeout(arrival.timer);
    tell([...sockets].toSorted(), arrival.address);
  };
  return {
    /** A connection was let in. */
    add(socket: SocketName, address: string): void {
      let sockets = [...pending].find(([has, arrival]) => arrival.address === address && !has.has(socket))?.[0];
      if (!sockets) {
        const opened = (sockets = new Set());
        pending.set(opened, { address, timer: setTimeout(() => end(opened), GATHERING).unref() });
      }
      sockets.add(socket);
      if (sockets.size === SOCKETS) end(sockets);
    },
    /** Tells of those that have not been told of yet, now: before anything else that the client did. */
    flush(): void {
      for (const sockets of pending.keys()) end(sockets);
    },
  };
}
