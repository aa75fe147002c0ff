import { quote } from '../quote.js';

const TIME = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Milliseconds since 1970 of a point in time in ISO 8601: a date, which begins at midnight UTC, or date and time with `Z` or an
 * offset. Throws TypeError for anything else: local times, which mean another moment on another machine, and days that no month has.
 */
export function parsePointInTime(text: string): number {
  const [, date = ''] = TIME.exec(text) ?? [];
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const time = Date.parse(text);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(midnight) || Number.isNaN(time) || !new Date(midnight).toISOString().startsWith(date)) {
    throw new TypeError(`${quote(text)} is no point in time: 2030-01-31 is one, and 2030-01-31T18:00:00Z`);
  }
  return time;
}
