import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (value: Uint8Array | string): Uint8Array => createHash('sha256').update(value).digest();

/** Whether two values (text counts as UTF-8) are equal, in a time that depends on their lengths only, equal or not. */
export function equalInConstantTime(a: Uint8Array | string, b: Uint8Array | string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}
