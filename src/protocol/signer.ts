import { createHmac, timingSafeEqual } from 'node:crypto';
import { CurveKernelError } from '../errors.js';
import type { Secret } from '../keys/secret.js';

/** Signs the four JSON frames of a message. Buffers and routing frames are outside the signature: the protocol says so. */
export interface Signer {
  /** False when the connection's key is empty: then signatures are empty, too, and none is looked at. */
  readonly signs: boolean;
  /** The signature as it goes on the wire: lower-case hexadecimal. */
  sign(parts: readonly Uint8Array[]): string;
  /** Whether `signature` is exactly what {@link Signer.sign} gives for these parts; takes the same time wherever it differs. */
  verify(signature: Uint8Array, parts: readonly Uint8Array[]): boolean;
}

/** Python's `hashlib` names, which connection files use, and OpenSSL's. Broken hashes (md5, sha1) are left out on purpose. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['hmac-sha256', 'sha256'],
  ['hmac-sha384', 'sha384'],
  ['hmac-sha512', 'sha512'],
  ['hmac-sha3_256', 'sha3-256'],
  ['hmac-sha3_384', 'sha3-384'],
  ['hmac-sha3_512', 'sha3-512'],
  ['hmac-blake2b', 'blake2b512'],
  ['hmac-blake2s', 'blake2s256'],
]);

/** An empty key disables signatures (Jupyter messaging, “The wire protocol”). */
const UNSIGNED: Signer = Object.freeze({ signs: false, sign: () => '', verify: () => true });

/**
 * Makes the signer for a connection's `signature_scheme` and `key`. The key stays in its {@link Secret}: once that is
 * wiped, the signer throws TypeError. An empty key disables signatures, whatever the scheme is.
 *
 * @throws CurveKernelError `signature-scheme-unsupported`.
 */
export function createSigner(scheme: string, key: Secret): Signer {
  if (key.byteLength === 0) return UNSIGNED;
  const hash = HASHES.get(scheme);
  if (hash === undefined) {
    throw new CurveKernelError(
      'signature-scheme-unsupported',
      `The signature scheme is ${JSON.stringify(scheme)}; one of ${[...HASHES.keys()].join(', ')} is wanted.`,
      { hint: 'Set "signature_scheme" to "hmac-sha256".', data: { scheme } },
    );
  }

  const sign = (parts: readonly Uint8Array[]): string => {
    const hmac = key.expose((bytes) => createHmac(hash, bytes));
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  };
  return {
    signs: true,
    sign,
    verify(signature, parts) {
      const expected = Buffer.from(sign(parts), 'latin1');
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}
