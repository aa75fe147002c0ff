import type { Event } from 'zeromq';
import type { SocketName } from '../../protocol/message.js';
import { deferred } from '../../support/deferred.js';
import { settlesWithin } from '../../support/timers.js';

/** Milliseconds to wait for a disconnect that libzmq does not report. */
const MAX_WAIT = 250;

/** Waits until the connections of the self-check have ended, so that they are not counted as peers. */
export interface ProbeDisconnects {
  observe(name: SocketName, event: Pick<Event, 'type'>): void;
  /** Resolves when as many connections have ended as there were probes. */
  settled(): Promise<void>;
}

/** Counts the disconnects of a self-check. `probes`: the number of probes for each watched socket. */
export function trackProbeDisconnects(probes: ReadonlyMap<SocketName, number>): ProbeDisconnects {
  const left = new Map(probes);
  const { promise, resolve } = deferred<void>();
  if (left.size === 0) resolve();
  return {
    observe(name, { type }) {
      if (type !== 'disconnect') return;
      const more = (left.get(name) ?? 0) - 1;
      if (more > 0) left.set(name, more);
      else left.delete(name);
      if (left.size === 0) resolve();
    },
    settled: async () => void (await settlesWithin(promise, MAX_WAIT)),
  };
}
