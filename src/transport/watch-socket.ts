import type { Event, Socket } from 'zeromq';
import { throwLater } from './throw-later.js';
import { uninterrupted } from './system-error.js';

/**
 * Reports what happens to the connections of `socket`, from this call on, so before `bind` or `connect`. Resolves when the
 * socket is really closed: its last connection ended, its descriptors given back. Throws at once where no socket for the events
 * can be opened.
 *
 * Watch a socket once, and until it is closed: libzmq's I/O thread waits for whoever asked for events and does not take
 * them, and all sockets of the context stand still with it.
 */
export function watchSocket(socket: Socket, onEvent: (event: Event) => void): Promise<void> {
  return readEvents(
    uninterrupted(() => socket.events),
    onEvent,
  );
}

async function readEvents(events: Socket['events'], onEvent: (event: Event) => void): Promise<void> {
  while (!events.closed) {
    const event = await events.receive();
    if (event.type === 'end') return;
    try {
      onEvent(event);
    } catch (error) {
      throwLater(error);
    }
  }
}

/** Closes sockets that nobody watches. Resolves when they are really closed: their addresses can be bound again. */
export async function closeSockets(...sockets: Socket[]): Promise<void> {
  const gone = sockets.map(whenGone);
  for (const socket of sockets) socket.close();
  await Promise.all(gone);
}

function whenGone(socket: Socket): Promise<void> {
  try {
    return watchSocket(socket, () => undefined);
  } catch {
    // No socket is left to watch with. It is closed all the same, a little later.
    return Promise.resolve();
  }
}
