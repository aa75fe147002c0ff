import type { Json } from '../protocol/message.js';
import type { ConnectionInfo } from './connection-info.js';

/** The field of a connection file that says which grant it is; other clients pass over it. */
const FIELD = 'jupyter_curve_grant';

/** The note about a grant in its connection file. */
export interface GrantNote {
  /** The identity. */
  readonly name: string;
  /** Its roles when it was granted; the kernel may have given it others since. Absent in files of earlier versions. */
  readonly roles?: readonly string[];
  /** When the grant ends, in ISO 8601; absent for one that lasts as long as its kernel. */
  readonly expiresAt?: string;
}

/** The extra field of the connection file of a grant. */
export function grantNote({ name, roles, expiresAt }: GrantNote): ConnectionInfo['extra'] {
  const note = { name, ...(roles && { roles: [...roles] }), ...(expiresAt !== undefined && { expires_at: expiresAt }) };
  return { [FIELD]: note };
}

/** The note about the grant of a connection; undefined without one that can be read. */
export function readGrantNote({ extra }: Pick<ConnectionInfo, 'extra'>): GrantNote | undefined {
  const note: Json = extra[FIELD] ?? null;
  if (typeof note !== 'object' || note === null || !('name' in note)) return undefined;
  const { name, roles, expires_at: expiresAt } = note;
  if (typeof name !== 'string' || !/^[\w.@-]{1,64}$/.test(name)) return undefined;
  const ends = typeof expiresAt === 'string' ? Date.parse(expiresAt) : NaN;
  return {
    name,
    ...(isRoles(roles) && { roles }),
    ...(!Number.isNaN(ends) && { expiresAt: new Date(ends).toISOString() }),
  };
}

const isRoles = (value: Json | undefined): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((role: Json) => typeof role === 'string' && /^[\w-]{1,64}$/.test(role));
