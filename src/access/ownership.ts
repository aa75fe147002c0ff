import { CurveKernelError } from '../errors.js';
import type { Subject } from './decide.js';
import type { GrantTerms } from './grant.js';

/**
 * Judges a change of the grants by what they are before and after it, whatever request makes it: a new grant, a revoked key, another
 * role. Only owners change what owners hold or make somebody one; only owners and admins do so with admins. An owner remains, and
 * one who stays if there was one: whose grant does not end, so that waiting does not remove the last either, and does not come from a
 * file, where a line is removed without asking.
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
  if ([isOwner, isLastingOwner].some((kind) => was.some(kind) && !willBe.some(kind))) {
    throw new CurveKernelError('last-owner', 'Nobody would own the kernel after this.', {
      hint: 'Grant somebody else ownership first, without an end.',
    });
  }
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
