import type { Event } from 'zeromq';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';

/** The peers of one socket, counted so that they stay below a limit. */
export interface Crowd {
  /** There are so many, and it is not watched: begin to. */
  readonly wantsWatching: boolean;
  /** From now on {@link observe} is told. Those that are here count until somebody leaves. */
  watch(): void;
  /** Lets one more in, who has proved a right key, unless the socket is full. */
  enter(): boolean;
  /** Takes an event of the socket's monitor, and what it was reported as. */
  observe(event: Pick<Event, 'type'>, reported: ListenerEvent | undefined): void;
}

/** Of the peers that there may be, the part that comes before anybody looks whether some have left: a monitor has its price. */
const UNWATCHED = 0.25;

/**
 * Counts peers with a right key. Who is let in counts at once, but no longer than a handshake may take unless that succeeds: libzmq does
 * not say whose handshake failed. `now` is a clock in milliseconds.
 */
export function createCrowd(limits: Pick<ListenerLimits, 'peers' | 'handshake'>, now = () => performance.now()): Crowd {
  const { peers, handshake } = limits;
  let [settled, watched] = [0, false];
  let entering: number[] = [];
  const forgetLate = (): number => {
    const before = entering.length;
    entering = entering.filter((at) => at > now() - handshake);
    return before - entering.length;
  };
  return {
    get wantsWatching() {
      return !watched && entering.length >= peers * UNWATCHED;
    },
    watch() {
      watched = true;
      settled = forgetLate();
    },
    enter() {
      if (watched) forgetLate();
      if (settled + entering.length >= peers) return false;
      entering.push(now());
      return true;
    },
    observe({ type }, reported) {
      if (type === 'handshake') {
        settled++;
        entering.shift();
      }
      if (reported?.kind === 'peer-left') settled = Math.max(0, settled - 1);
    },
  };
}
