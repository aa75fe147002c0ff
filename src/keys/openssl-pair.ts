/**
 * Curve pairs by Node's own OpenSSL: the same as libsodium makes, whose loading costs 40 ms and 11 MB. That is too much for a kernel,
 * which checks its pair when it starts, and makes pairs only for the sockets of those whom it lets in.
 */
import { randomFillSync } from 'node:crypto';
import type { CurvePair } from './curve-pair.js';
import { derivePublicKey } from './derive-public-key.js';
import { Secret } from './secret.js';
import { encodeZ85 } from './z85.js';

const KEY_BYTES = 32;

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
