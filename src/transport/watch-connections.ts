import type { SocketName } from '../protocol/message.js';
import type { ServerSockets } from './bind-sockets.js';
import { monitorReader, type ListenerEvent } from './listener-event.js';
import { SOCKET_NAMES } from './per-socket.js';
import { closeSockets, watchSocket } from './watch-socket.js';

/**
 * Reports what happens to the connections of the sockets in `names`, from now on. Returns the function that closes all five, and
 * resolves when they are gone; `linger` is how many milliseconds what was sent before has to leave.
 *
 * Throws, with all five closed, what libzmq says of too many open sockets.
 */
export function watchConnections(
  sockets: ServerSockets,
  names: readonly SocketName[],
  report: (event: ListenerEvent) => void,
): (linger?: number) => Promise<void> {
  const watched = new Set(names);
  const gone: Promise<void>[] = [];
  try {
    for (const name of watched) gone.push(watch(sockets, name, report));
  } catch (error) {
    for (const name of SOCKET_NAMES) sockets[name].close();
    throw error;
  }
  return async (linger = 0) => {
    for (const name of SOCKET_NAMES) sockets[name].linger = linger;
    for (const name of watched) sockets[name].close();
    const others = SOCKET_NAMES.filter((name) => !watched.has(name)).map((name) => sockets[name]);
    await Promise.all([...gone, closeSockets(...others)]);
  };
}

function watch(sockets: ServerSockets, name: SocketName, report: (event: ListenerEvent) => void): Promise<void> {
  const read = monitorReader(name);
  return watchSocket(sockets[name], (event) => {
    const reported = read(event);
    if (reported) report(reported);
  });
}
