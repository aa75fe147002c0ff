import type { AuditEvent, AuditRecord } from './audit-record.js';

/** Turns floods of like records into one with a count. */
export interface AuditCollapse {
  /**
   * The records to write now that `record` has come at `now`, in milliseconds of a clock that never goes back: the first of its kind
   * at once, none for those like it in the same window, and counts of windows that have ended. A count has the time at which it is told.
   */
  add(record: AuditRecord, now: number): readonly AuditRecord[];
  /** The counts of windows that have ended at `now`, which is `time` in ISO 8601; of all of them at `Infinity`, when the audit ends. */
  flush(now: number, time: string): readonly AuditRecord[];
}

/** Events that strangers and clients can cause at will. The others need a right, and each is written. */
const FLOODS: ReadonlySet<AuditEvent> = new Set(['accept', 'refuse', 'leave', 'deny', 'alarm']);

/**
 * Makes a collapse. Records are alike when event, verdict, identity, address, channels, type and rule are the same. However many
 * come and however they differ, no window lets through more than twice `kinds` and a few, and memory holds no more.
 *
 * @param window Milliseconds in which like records count as one.
 * @param kinds Number of kinds of record told apart in a window. Beyond it only the event is.
 */
export function createAuditCollapse(window = 10_000, kinds = 256): AuditCollapse {
  // In the order in which the windows end, since all are of one length and a renewed one moves to the back.
  const floods = new Map<string, Flood>();

  const flush = (now: number, time: string): readonly AuditRecord[] => {
    const counts: AuditRecord[] = [];
    for (const [kind, flood] of floods) {
      if (flood.until > now) break;
      floods.delete(kind);
      if (flood.count === 0) continue;
      counts.push({ ...flood.latest, time, count: flood.count });
      // It goes on: what follows is counted as well, or each window would show its first again.
      if (now !== Infinity) floods.set(kind, { latest: flood.latest, count: 0, until: now + window });
    }
    return counts;
  };

  return {
    flush,
    add(record, now) {
      const counts = flush(now, record.time);
      if (!FLOODS.has(record.event)) return [...counts, record];
      const full = floods.size >= kinds && !floods.has(kindOf(record));
      const told = full ? withoutDetails(record) : record;
      const kind = kindOf(told);
      const flood = floods.get(kind);
      if (flood === undefined) {
        floods.set(kind, { latest: told, count: 0, until: now + window });
        return [...counts, told];
      }
      flood.count += record.count ?? 1;
      flood.latest = merge(flood.latest, told);
      return counts;
    },
  };
}

interface Flood {
  latest: AuditRecord;
  /** Number of records after those already written. */
  count: number;
  readonly until: number;
}

function kindOf({ event, verdict, identity, address, channel, channels, type, rule }: AuditRecord): string {
  return JSON.stringify([event, verdict, identity, address, channel, channels, type, rule]);
}

function withoutDetails({ time, kernel, event, verdict }: AuditRecord): AuditRecord {
  return { time, kernel, event, verdict, rule: 'too many kinds at once to tell apart' };
}

/** The later record, without a fingerprint when it is not that of all. */
function merge(earlier: AuditRecord, later: AuditRecord): AuditRecord {
  if (earlier.fingerprint === later.fingerprint) return later;
  const { fingerprint: _, ...others } = later;
  return others;
}
