import { CurveKernelError } from '../../errors.js';
import type { ClientGrant } from './client-grant.js';
import { leftUntil } from '../../support/deadline.js';

/** The limits of a key that replaces several: the narrowest of theirs. */
export interface RotatedLimits {
  /** Milliseconds until it expires. */
  readonly expiresIn?: number;
  readonly from?: readonly string[];
}

/**
 * The limits of the key that takes the place of these, so that it is good at no time and from no address at which one of them is not.
 *
 * @throws CurveKernelError 'grant-failed' when they are limited to different addresses
 */
export function rotatedLimits(grants: readonly ClientGrant[]): RotatedLimits {
  const left = Math.min(...grants.map(lifeOf));
  const [from, ...others] = grants.flatMap(({ terms }) => (terms.from ? [terms.from] : []));
  if (others.some((other) => String(other) !== String(from))) {
    throw new CurveKernelError(
      'grant-failed',
      'The keys of this identity are limited to different addresses, and one key cannot replace them.',
      {
        hint: 'Revoke the keys that are not needed any more, then rotate.',
      },
    );
  }
  return { ...(left < Infinity && { expiresIn: left }), ...(from && { from }) };
}

/** Milliseconds that a grant was to last, were it not for a rotation. */
function lifeOf({ terms, ends }: ClientGrant): number {
  if (ends && ends.end.succeededBy === undefined) return leftUntil(ends);
  return terms.expiresAt === undefined ? Infinity : Date.parse(terms.expiresAt) - Date.now();
}
