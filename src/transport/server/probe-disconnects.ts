import type { Event } from 'zeromq';
import type { SocketName } from '../../protocol/message.js';

/** Milliseconds to wait for an end that libzmq does not report. */
const MAX_WAIT = 250;

/** Waits until the connections of a self-check are known to have ended, so that nobody takes them for peers. */
export interface ProbeDisconnects {
  observe(name: SocketName, event: Pick<Event, 'type'>): void;
  /** Resolves when as many connections have ended as knocked. */
  seen(): Promise<void>;
}

/** `probes`: how often one probes at each of the sockets that are watched. */
export function trackProbeDisconnects(probes: ReadonlyMap<SocketName, number>): ProbeDisconnects {
  const left = new Map(probes);
  let wake: (() => void) | undefined;
  return {
    observe(name, { type }) {
      if (type !== 'disconnect') return;
      const more = (left.get(name) ?? 0) - 1;
      if (more > 0) left.set(name, more);
      else left.delete(name);
      if (left.size === 0) wake?.();
    },
    seen: () =>
      new Promise((resolve) => {
        if (left.size === 0) return resolve();
        const timer = setTimeout(resolve, MAX_WAIT);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
