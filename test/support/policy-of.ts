import type { Act } from '#src/access/policy/act.js';
import { createDecider, type AccessDecision } from '#src/access/policy/decide.js';
import { parseAct } from '#src/access/policy/parse-act.js';
import { DEFAULT_POLICY, type Policy } from '#src/access/policy/policy.js';
import type { Role } from '#src/access/policy/role.js';

/** A role that may nothing, for others to be made of. */
export const NOTHING = { send: [], see: [], comms: [], groups: [] };

/** The built-in roles and these. */
export function policyOf(
  roles: Readonly<Record<string, Partial<Role>>>,
  privateGroups: readonly string[] = [],
): Policy {
  const own = Object.entries(roles).map(([name, role]): [string, Role] => [name, { ...NOTHING, ...role, name }]);
  return {
    ...DEFAULT_POLICY,
    roles: new Map([...DEFAULT_POLICY.roles, ...own]),
    privateGroups: new Set(privateGroups),
  };
}

/** What one of those roles may, the act in words or as a value. */
export function decide(policy: Policy, roles: readonly string[], act: string | Act): AccessDecision {
  return createDecider(policy).decide({ name: 'alice', roles }, typeof act === 'string' ? parseAct(act) : act);
}

export const allows = (policy: Policy, roles: readonly string[], act: string | Act): boolean =>
  decide(policy, roles, act).allowed;
