import type { Event } from 'zeromq';
import type { SocketName } from '../../protocol/message.js';
import type { ServerSockets } from './bind-sockets.js';
import { SOCKET_NAMES } from '../../connection/per-socket.js';
import { closeSockets, CLOSING_GRACE, watchSocket } from '../watch-socket.js';

/** Called with each event of a socket's connections. */
export type ObserveConnection = (name: SocketName, event: Event) => void;

/** Five sockets, some of which are watched. */
export interface WatchedConnections {
  /** Watches one more, from now on. Throws the error of libzmq for too many open sockets. */
  watch(name: SocketName): void;
  /** Closes all five, iopub first; `linger`: milliseconds for messages that were sent before to leave. Resolves when they are closed. */
  close(linger?: number): Promise<void>;
}

/**
 * Observes the connections of the sockets in `names`, from now on.
 *
 * Throws, with all five closed, the error of libzmq for too many open sockets.
 */
export function watchConnections(
  sockets: ServerSockets,
  names: readonly SocketName[],
  observe: ObserveConnection,
): WatchedConnections {
  const gone = new Map<SocketName, Promise<void>>();
  const watch = (name: SocketName): void => {
    gone.set(
      name,
      watchSocket(sockets[name], (event) => observe(name, event)),
    );
  };
  try {
    for (const name of names) watch(name);
  } catch (error) {
    for (const name of SOCKET_NAMES) sockets[name].close();
    throw error;
  }
  return {
    watch,
    async close(linger = 0) {
      const end = performance.now() + linger;
      const closed = async (name: SocketName): Promise<void> => {
        sockets[name].linger = Math.max(end - performance.now(), CLOSING_GRACE);
        const watched = gone.get(name);
        if (watched === undefined) return closeSockets(sockets[name]);
        sockets[name].close();
        await watched;
      };
      // So a client that loses its other connections has been sent all of its output.
      await closed('iopub');
      await Promise.all(SOCKET_NAMES.filter((name) => name !== 'iopub').map(closed));
    },
  };
}
