import { parseDuration } from './duration.js';
import { quote } from '../quote.js';

/** Maximum interval in ms between two checks of the rights of all clients. */
export const MAX_REAUTH_INTERVAL = 86_400_000;

/** Parses a re-authorization interval, in milliseconds: from one second to one day. Throws TypeError. */
export function parseReauthInterval(text: string): number {
  const interval = parseDuration(text);
  if (interval >= 1000 && interval <= MAX_REAUTH_INTERVAL) return interval;
  throw new TypeError(`${quote(text)} is not from one second to one day`);
}
