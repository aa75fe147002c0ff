import { parseDuration } from './duration.js';
import { quote } from '../quote.js';

/** Milliseconds between two looks at everybody's rights, at the most. */
export const MAX_REAUTH_INTERVAL = 86_400_000;

/** The interval that a text says, in milliseconds: from one second to one day. Throws TypeError. */
export function parseReauthInterval(text: string): number {
  const interval = parseDuration(text);
  if (interval >= 1000 && interval <= MAX_REAUTH_INTERVAL) return interval;
  throw new TypeError(`${quote(text)} is not from one second to one day`);
}
