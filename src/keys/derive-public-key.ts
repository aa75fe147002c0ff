import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Secret } from './secret.js';

/** What stands before the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEY_BYTES = 32;

/** The public key of a Curve25519 secret of 32 bytes (RFC 7748). */
export function derivePublicKey(secretKey: Secret): Uint8Array {
  const der = secretKey.expose((bytes) => Buffer.concat([PKCS8, bytes]));
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
  } finally {
    der.fill(0);
  }
}
