import type { ListenerLimits } from './listener-limits.js';

/** One message in so many makes the average. */
const WINDOW = 16;
/** Messages that may wait however large they are: a cell may well show a hundred large things at once. */
const LEAST = 100;

/**
 * Watches the sizes of what is sent on a socket and says how many messages may wait for one peer, so that they are not more
 * than `queuedBytes` altogether: ZeroMQ's high-water mark counts messages, whatever their size.
 *
 * The function returned takes the bytes of the next message, and returns the mark when it should be changed.
 */
export function createQueueMark(
  limits: Pick<ListenerLimits, 'queuedMessages' | 'queuedBytes'>,
): (bytes: number) => number | undefined {
  let average = 0;
  let mark = limits.queuedMessages;
  return (bytes) => {
    average += (bytes - average) / WINDOW;
    const wanted = Math.min(limits.queuedMessages, Math.max(LEAST, Math.floor(limits.queuedBytes / average)));
    // Not for every little change: libzmq tells every peer's pipe.
    if (wanted > mark / 2 && wanted < mark * 2 && wanted !== limits.queuedMessages) return undefined;
    if (wanted === mark) return undefined;
    return (mark = wanted);
  };
}
