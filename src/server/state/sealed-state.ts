import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Secret } from '../../keys/secret.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts `text` under a key that only who holds `secretKey` can derive (HKDF-SHA256, RFC 5869; AES-256-GCM), bound to `context`. In
 * base64.
 */
export function sealState(text: string, secretKey: Secret, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, stateKey(secretKey), nonce).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Opens {@link sealState}; undefined under another key or context, and for anything else. */
export function openState(sealed: string, secretKey: Secret, context: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, stateKey(secretKey), nonce).setAAD(Buffer.from(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}

function stateKey(secretKey: Secret): Uint8Array {
  return new Uint8Array(secretKey.expose((bytes) => hkdfSync('sha256', bytes, '', 'jupyter-curve grants', 32)));
}
