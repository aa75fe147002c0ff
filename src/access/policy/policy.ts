import { BUILT_IN_ROLES, type Role } from './role.js';

/** A policy as data. */
export interface Policy {
  /** By name; those built in are always among them. */
  readonly roles: ReadonlyMap<string, Role>;
  /** The rights of a client without an identity: none (`'deny'`), or those of a role. */
  readonly anonymous: string;
  /** Groups that only roles which name them may read. Making one private or public at run time makes a new policy. */
  readonly privateGroups: ReadonlySet<string>;
  /** Milliseconds between two re-authorizations of all clients. */
  readonly reauthInterval?: number;
}

/** The built-in roles, no client without an identity, nothing private. */
export const DEFAULT_POLICY: Policy = {
  roles: new Map(Object.entries(BUILT_IN_ROLES)),
  anonymous: 'deny',
  privateGroups: new Set(),
};
