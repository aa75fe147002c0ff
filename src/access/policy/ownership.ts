import { CurveKernelError } from '../../errors.js';
import type { Subject } from './decide.js';
import type { GrantTerms } from '../grants/grant.js';

/**
 * Judges a change of the grants by what they are before and after it, whatever request makes it: a new grant, a revoked key, another
 * role. Only owners change the grants of owners or make an owner; only owners and admins do so with admins; others give no role that they
 * do not hold. An owner remains; and if there was a lasting owner, one remains: an owner whose grant does not expire, and does not come
 * from a file, where a line is removed without a check.
 *
 * @throws CurveKernelError `not-permitted`, `last-owner`.
 */
export function checkOwnership(actor: Subject, before: Iterable<GrantTerms>, after: Iterable<GrantTerms>): void {
  const was = [...before];
  const willBe = [...after];
  for (const role of ['owner', 'admin']) {
    const mayChange = actor.roles.includes('owner') || (role === 'admin' && actor.roles.includes('admin'));
    if (!mayChange && holdings(was, role) !== holdings(willBe, role)) {
      throw new CurveKernelError('not-permitted', `${actor.name} may not change what an ${role} holds, or make one.`, {
        hint: `Ask an owner of the kernel${role === 'admin' ? ', or an admin' : ''}.`,
        data: { role },
      });
    }
  }
  if (!actor.roles.includes('owner') && !actor.roles.includes('admin')) {
    const given = rolesGiven(was, willBe).find((role) => !actor.roles.includes(role));
    if (given !== undefined) {
      const problem = `${actor.name} may not give the role ${given}, which it does not hold.`;
      throw new CurveKernelError('not-permitted', problem, {
        hint: 'Ask an owner or admin of the kernel.',
        data: { role: given },
      });
    }
  }
  if ([isOwner, isLastingOwner].some((kind) => was.some(kind) && !willBe.some(kind))) {
    throw new CurveKernelError('last-owner', 'No identity would own the kernel after this.', {
      hint: 'Make another identity an owner first, without an end.',
    });
  }
}

/** Roles that an identity has after the change, and did not have before it. */
function rolesGiven(before: readonly GrantTerms[], after: readonly GrantTerms[]): readonly string[] {
  return after.flatMap(({ identity, roles }) => {
    const had = before.filter((grant) => grant.identity === identity).flatMap((grant) => grant.roles);
    return roles.filter((role) => !had.includes(role));
  });
}

const isOwner = (grant: GrantTerms): boolean => grant.roles.includes('owner');
const isLastingOwner = (grant: GrantTerms): boolean =>
  isOwner(grant) && grant.expiresAt === undefined && grant.origin !== 'authorized-clients';

/** Everything that identities with the role hold, also by grants that do not give it, in a form that can be compared. */
function holdings(grants: readonly GrantTerms[], role: string): string {
  const holders = new Set(grants.filter((grant) => grant.roles.includes(role)).map((grant) => grant.identity));
  const held = grants.filter((grant) => holders.has(grant.identity));
  const lines = held.map((grant) =>
    JSON.stringify([grant.identity, grant.roles, grant.publicKey, grant.expiresAt, grant.from]),
  );
  return lines.toSorted((a, b) => (a < b ? -1 : 1)).join('\n');
}
