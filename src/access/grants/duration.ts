import { quote } from '../quote.js';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a hundred years. */
export const MAX_DURATION = 100 * 366 * 86_400_000;

/**
 * Milliseconds of a duration: a whole number above zero and a unit, of ms, s, m, h, d and w (`30s`, `8h`, `7d`). Throws
 * TypeError for anything else, and for more than a hundred years. A Node timer takes 24 days at most.
 */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,15})(ms|[smhdw])$/.exec(text) ?? [];
  const duration = Number(digits) * (UNITS[unit] ?? 0);
  if (duration > 0 && duration <= MAX_DURATION) return duration;
  throw new TypeError(`${quote(text)} is no duration: a whole number above zero and ms, s, m, h, d or w, such as 8h`);
}

/** Maximum interval in ms between two checks of the rights of all clients. */
export const MAX_REAUTH_INTERVAL = 86_400_000;

/** Parses a re-authorization interval, in milliseconds: from one second to one day. Throws TypeError. */
export function parseReauthInterval(text: string): number {
  const interval = parseDuration(text);
  if (interval >= 1000 && interval <= MAX_REAUTH_INTERVAL) return interval;
  throw new TypeError(`${quote(text)} is not from one second to one day`);
}
