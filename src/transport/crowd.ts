import type { Event } from 'zeromq';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';

/** Of the peers that there may be, the part that comes before anybody looks whether some have left: a monitor has its price. */
const UNWATCHED = 0.25;

/**
 * The peers of one socket with a right key, counted so that they stay below a limit. Who is let in counts at once, but no longer than a
 * handshake may take unless that succeeds: libzmq does not say whose handshake failed.
 *
 * A class, with as little in it as can be: a kernel with hundreds of clients has five for each.
 */
export class Crowd {
  readonly #limits: Pick<ListenerLimits, 'peers' | 'handshake'>;
  #settled = 0;
  #isWatched = false;
  /** When each of them was let in whose handshake has not ended, on the clock of `performance.now`. */
  #entering: readonly number[] = NOBODY;

  constructor(limits: Pick<ListenerLimits, 'peers' | 'handshake'>) {
    this.#limits = limits;
  }

  /** There are so many, and it is not watched: begin to. */
  get wantsWatching(): boolean {
    return !this.#isWatched && this.#entering.length >= this.#limits.peers * UNWATCHED;
  }

  /** From now on {@link observe} is told. Those that are here count until somebody leaves. */
  watch(): void {
    this.#isWatched = true;
    this.#settled = this.#forgetLate();
  }

  /** Lets one more in, who has proved a right key, unless the socket is full. */
  enter(): boolean {
    if (this.#isWatched) this.#forgetLate();
    if (this.#settled + this.#entering.length >= this.#limits.peers) return false;
    this.#entering = [...this.#entering, performance.now()];
    return true;
  }

  /** Takes an event of the socket's monitor, and what it was reported as. */
  observe({ type }: Pick<Event, 'type'>, reported: ListenerEvent | undefined): void {
    if (type === 'handshake') {
      this.#settled++;
      this.#entering = this.#entering.slice(1);
    }
    if (reported?.kind === 'peer-left') this.#settled = Math.max(0, this.#settled - 1);
  }

  #forgetLate(): number {
    const before = this.#entering;
    const eldest = performance.now() - this.#limits.handshake;
    this.#entering = before.filter((at) => at > eldest);
    return before.length - this.#entering.length;
  }
}

const NOBODY: readonly number[] = [];
