import { BUILT_IN_ROLES, type Role } from './role.js';

/** Who may do what, as data. */
export interface Policy {
  /** By name; those built in are always among them. */
  readonly roles: ReadonlyMap<string, Role>;
  /** What whoever has no identity may do: nothing (`'deny'`), or what a role may. */
  readonly anonymous: string;
  /** Groups that only roles which name them may read. Making one private or public at run time makes a new policy. */
  readonly privateGroups: ReadonlySet<string>;
  /** Milliseconds after which every listener's right to exist is looked at again. */
  readonly reauthInterval?: number;
}

/** The roles built in, nobody without a name, nothing private. */
export const DEFAULT_POLICY: Policy = {
  roles: new Map(Object.entries(BUILT_IN_ROLES)),
  anonymous: 'deny',
  privateGroups: new Set(),
};

/** The roles of whoever has no identity: none, unless the policy says otherwise. */
export function anonymousRoles(policy: Policy): readonly string[] {
  return policy.anonymous === 'deny' ? [] : [policy.anonymous];
}
