import type { Request } from '../server/backend.js';
import { bodyBytes } from './body-bytes.js';

/** Requests that came before the inner kernel was ready. */
export interface HeldRequests {
  /** Returns false, and does not hold it, if there are too many. */
  add(request: Request): boolean;
  /** All of them in order; none is held any more. */
  takeAll(): readonly Request[];
  /** Those of a grant whose clients are gone. */
  forget(grant: string): void;
}

/** The most requests that are held, and bytes in them. */
const MOST_REQUESTS = 10_000;
const MOST_BYTES = 64 * 2 ** 20;

/** Holds none yet. */
export function createHeldRequests(): HeldRequests {
  let held: { readonly request: Request; readonly bytes: number }[] = [];
  let all = 0;
  return {
    add(request) {
      const bytes = bodyBytes(request.message);
      if (held.length >= MOST_REQUESTS || (held.length > 0 && all + bytes > MOST_BYTES)) return false;
      held.push({ request, bytes });
      all += bytes;
      return true;
    },
    takeAll() {
      const requests = held.map(({ request }) => request);
      [held, all] = [[], 0];
      return requests;
    },
    forget(grant) {
      held = held.filter(({ request }) => request.grant !== grant);
      all = held.reduce((sum, { bytes }) => sum + bytes, 0);
    },
  };
}
