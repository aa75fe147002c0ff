import { parsePointInTime } from '../../access/policy/point-in-time.js';
import type { ClientGrant } from './client-grant.js';

/** Which grants to end: all that fit everything that is said. */
export interface RevokeWish {
  readonly name?: string;
  /** A public key, or its fingerprint. */
  readonly key?: string;
  readonly id?: string;
  /** Those issued before this moment, in ISO 8601. Alone, it spares that of the connection file. */
  readonly allBefore?: string;
  /** What they run may run to its end. Default: false. */
  readonly letFinish?: boolean;
}

/** Whether a grant is among those that are wished away. Throws TypeError for a moment that is none. */
export function fits(grant: ClientGrant, { name, key, id, allBefore }: RevokeWish): boolean {
  const { identity, publicKey, issuedAt, origin } = grant.terms;
  // Who takes everything back keeps what it does that with.
  if (name === undefined && key === undefined && id === undefined && origin === 'owner') return false;
  return (
    (name === undefined || identity === name) &&
    (key === undefined || key === publicKey || key === grant.fingerprint) &&
    (id === undefined || id === grant.id) &&
    (allBefore === undefined || Date.parse(issuedAt) < parsePointInTime(allBefore))
  );
}
