import { createHash } from 'node:crypto';
import { decodeZ85 } from './z85.js';

/**
 * A short name for a public key: `SHA256:` and the first 16 characters of its digest in base64url (96 bits).
 * Safe to print, which the key is not: a stock kernel's public key is enough to read its iopub (JEP 145).
 * Throws `key-invalid` if `publicKey` is not Z85.
 */
export function fingerprint(publicKey: string): string {
  return `SHA256:${createHash('sha256').update(decodeZ85(publicKey)).digest('base64url').slice(0, 16)}`;
}
