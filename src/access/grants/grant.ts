import { CurveKernelError } from '../../errors.js';
import { checkPublicKey } from '../../keys/curve-pair.js';
import { createAddressRule } from '../policy/address-rule.js';
import type { Subject } from '../policy/decide.js';
import { checkIdentityName } from './identity-name.js';
import { parsePointInTime } from '../policy/point-in-time.js';
import type { Policy } from '../policy/policy.js';
import { isRoleName } from '../policy/role.js';

/** The terms of a grant: an identity, its roles, and the key that it uses. */
export interface GrantTerms {
  readonly identity: string;
  readonly roles: readonly string[];
  /** The key that is admitted, in Z85. */
  readonly publicKey: string;
  /** ISO 8601. */
  readonly issuedAt: string;
  /** ISO 8601; the grant ends then. */
  readonly expiresAt?: string;
  /** Addresses and blocks that it may be used from, for {@link createAddressRule}. */
  readonly from?: readonly string[];
  /** The cause of the grant. */
  readonly origin: 'owner' | 'grant' | 'authorized-clients' | 'anonymous';
}

/**
 * Throws unless a kernel under `policy` can grant these terms: `identity-invalid`, `key-invalid`, or `grant-failed` for roles that
 * the policy does not have, an end before its beginning, and addresses that are none. `anonymous` and `owner` are names here for the
 * origins of those names only.
 */
export function checkGrantTerms(terms: GrantTerms, policy: Policy): void {
  // The other origins are names that any identity may have.
  if (terms.origin !== terms.identity) checkIdentityName(terms.identity);
  checkPublicKey(terms.publicKey, `The public key of ${terms.identity}`);
  if (terms.roles.length === 0) throw failed(terms, 'names no role', ROLE_HINT);
  const unknown = terms.roles.find((role) => !policy.roles.has(role));
  if (unknown !== undefined) {
    // Anything but a name may be a key, put in the wrong place.
    const found = isRoleName(unknown) ? `the role "${unknown}"` : 'a role by what is no name of one';
    throw failed(terms, `names ${found}, and the policy has ${[...policy.roles.keys()].join(', ')}`, ROLE_HINT);
  }
  try {
    const issued = parsePointInTime(terms.issuedAt);
    if (terms.expiresAt !== undefined && parsePointInTime(terms.expiresAt) <= issued) {
      throw new TypeError('ends before it begins');
    }
    if (terms.from !== undefined) createAddressRule(terms.from);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw failed(terms, cause.message, 'Give the grant an end in the future, and addresses such as 10.0.0.0/8.', cause);
  }
}

/** An identity with the roles of all its grants among those given, which are to be the live ones. */
export function subjectOf(identity: string, grants: Iterable<GrantTerms>): Subject {
  const roles = new Set<string>();
  for (const grant of grants) {
    if (grant.identity === identity) for (const role of grant.roles) roles.add(role);
  }
  return { name: identity, roles: [...roles] };
}

const ROLE_HINT = 'Name a role that the policy has, or add it to the policy file.';

const failed = (terms: GrantTerms, problem: string, hint: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('grant-failed', `The grant for ${terms.identity} ${problem}.`, { hint, cause });
