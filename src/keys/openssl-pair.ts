/**
 * Curve pairs by Node's own OpenSSL: the same as libsodium makes, whose loading costs 40 ms and 11 MB. That is too much for a kernel,
 * which checks its pair when it starts, and makes pairs only for the sockets of those whom it lets in.
 */
import { createPrivateKey, createPublicKey, randomFillSync } from 'node:crypto';
import type { CurvePair } from './curve-pair.js';
import { Secret } from './secret.js';
import { encodeZ85 } from './z85.js';

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

/** The pair of a secret that is known. */
export const serverPairOf = (secretKey: Secret): CurvePair => ({
  publicKey: encodeZ85(derivePublicKey(secretKey)),
  secretKey,
});

/** A new pair for a kernel's own sockets, from the system's random numbers: any 32 bytes are a secret. */
export function generateServerPair(): CurvePair {
  const bytes = randomFillSync(new Uint8Array(KEY_BYTES));
  const secretKey = Secret.fromBytes(bytes);
  bytes.fill(0);
  return serverPairOf(secretKey);
}
