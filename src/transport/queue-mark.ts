import type { ListenerLimits } from './listener-limits.js';

/** One message in so many makes the average. */
const WINDOW = 16;
/** Messages that may wait however large they are: a cell may well show a hundred large things at once. */
const LEAST = 100;

/**
 * Watches the sizes of what is sent on a socket and says how many messages may wait for one peer, so that they are not more
 * than `queuedBytes` altogether: ZeroMQ's high-water mark counts messages, whatever their size.
 */
export class QueueMark {
  readonly #most: number;
  readonly #bytes: number;
  #average = 0;
  #mark: number;

  constructor({ queuedMessages, queuedBytes }: Pick<ListenerLimits, 'queuedMessages' | 'queuedBytes'>) {
    this.#most = queuedMessages;
    this.#bytes = queuedBytes;
    this.#mark = queuedMessages;
  }

  /** Takes the bytes of the next message, and returns the mark when it should be changed. */
  next(bytes: number): number | undefined {
    this.#average += (bytes - this.#average) / WINDOW;
    const wanted = Math.min(this.#most, Math.max(LEAST, Math.floor(this.#bytes / this.#average)));
    // Not for every little change: libzmq tells every peer's pipe.
    if (wanted > this.#mark / 2 && wanted < this.#mark * 2 && wanted !== this.#most) return undefined;
    if (wanted === this.#mark) return undefined;
    return (this.#mark = wanted);
  }
}
