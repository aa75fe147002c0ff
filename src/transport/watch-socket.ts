import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Event, Socket } from 'zeromq';
import { reportUncaught } from '../support/report-uncaught.js';
import { errorCode, uninterrupted } from '../support/system-error.js';

/**
 * Reports what happens to the connections of `socket`, from this call on, so before `bind` or `connect`. Resolves when the
 * socket is really closed: its last connection ended, its descriptors given back. Throws at once where no socket for the events
 * can be opened.
 *
 * Watch a socket once, and until it is closed: libzmq's I/O thread waits while events are not read, and all sockets of the
 * context stand still with it.
 */
export function watchSocket(socket: Socket, onEvent: (event: Event) => void): Promise<void> {
  return readEvents(eventsOf(socket), onEvent);
}

/** Maximum number of attempts, a millisecond apart, while the name of the socket for the events is taken. */
const ATTEMPTS = 2_000;

/**
 * zeromq.js names the socket for the events by the address of its reader in memory (observer.cc). Where a signal ended an attempt
 * halfway, the next reader gets the same place and so the same name, and libzmq's reaper thread may still hold it: EADDRINUSE, until
 * that thread has had its turn.
 */
function eventsOf(socket: Socket): Socket['events'] {
  checkDescriptors();
  for (let attempt = 1; ; attempt++) {
    try {
      return uninterrupted(() => socket.events);
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error;
      Atomics.wait(clock, 0, 0, 1);
    }
  }
}

/** Descriptors of a monitor, with some to spare. */
const FOR_A_MONITOR = 6;

/**
 * Throws EMFILE where there are not enough. zeromq.js would have libzmq report, and then find no descriptor to read with: libzmq's I/O thread
 * waits at the first event for ever.
 */
function checkDescriptors(): void {
  const opened: number[] = [];
  try {
    for (let count = 0; count < FOR_A_MONITOR; count++) opened.push(openSync(devNull, 'r'));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Events that are read before messages get their turn. */
const BATCH = 16;

async function readEvents(events: Socket['events'], onEvent: (event: Event) => void): Promise<void> {
  for (let read = 1; !events.closed; read++) {
    const event = await events.receive();
    if (event.type === 'end') return;
    // Events that are there are received without a turn of the event loop. Without descriptors, libzmq reports without end.
    if (read % BATCH === 0) await nextTurn();
    try {
      onEvent(event);
    } catch (error) {
      reportUncaught(error);
    }
  }
}

/**
 * The least linger, in milliseconds, of a socket that sends messages of several frames.
 *
 * With a linger of 0 libzmq 4.3.5 ends the pipe of a connection at once. If half a message has been read from it, and the peer's end of
 * the connection arrives before the pipe is gone, libzmq wants the other half and aborts the process (session_base.cpp, `clean_pipes`;
 * libzmq issue 3442). Two ends that close together meet that moment in 2 of 100 closings. While a pipe lingers it can be read, so the end
 * of the peer does no harm; and it lingers only while something is left in it.
 */
export const CLOSING_GRACE = 100;

/** Closes sockets that are not watched. Resolves when they are really closed: their addresses can be bound again. */
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
