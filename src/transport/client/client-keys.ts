import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import { samePublicKey, type CurvePair } from '../../keys/curve-pair.js';
import type { ClientKeys } from '../curve-options.js';

/**
 * The keys with which to dial `connection`: `client`, or else the pair in the connection file (JEP 145: one pair for both
 * sides). Undefined for plain text, which only a connection without keys, and no `client`, stands for.
 *
 * Throws `key-mismatch` when the connection expects another client key, or one and there is none; TypeError when a pair is
 * given for a connection that has no keys.
 */
export function clientKeys({ curve }: ConnectionInfo, client: CurvePair | undefined): ClientKeys | undefined {
  if (!curve) {
    if (client) throw new TypeError('A client pair is given, and the connection has no server key to use it with.');
    return undefined;
  }
  const pair = client ?? (curve.secretKey && { publicKey: curve.publicKey, secretKey: curve.secretKey });
  if (!pair) {
    throw new CurveKernelError(
      'key-mismatch',
      'The connection has only the public key of the kernel, and no client pair is given.',
      {
        hint: 'Give your own pair, or the secret key that belongs to the connection file.',
      },
    );
  }
  if (curve.clientPublicKey !== undefined && !samePublicKey(curve.clientPublicKey, pair.publicKey)) {
    throw new CurveKernelError('key-mismatch', 'The connection was granted to another key than the one given.', {
      hint: 'Give the pair whose public key is in the connection file.',
    });
  }
  return { client: pair, serverKey: curve.publicKey };
}
