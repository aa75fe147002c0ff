import type { AuthorizedClient } from '../../access/grants/authorized-clients.js';
import type { GrantTerms } from '../../access/grants/grant.js';
import { formatConnectionInfo } from '../../connection/write-connection-file.js';
import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import { curvePairOf, exposeZ85, secretKeyFromZ85 } from '../../keys/curve-pair.js';
import type { ClientGrant, GrantEnd, GrantPlace, PlannedEnd } from './client-grant.js';
import type { StoredRules } from '../rules/rules.js';
import type { StoredState } from '../state/state-file.js';

/** A grant as it is stored. */
interface GrantRecord {
  readonly id: string;
  readonly terms: GrantTerms;
  readonly secretKey: string;
  /** The text of its connection file. */
  readonly connection: string;
  /** A {@link Deadline}: a clock that was set back over a restart prolongs nothing. */
  readonly ends?: { readonly at: number; readonly machine: number; readonly end: GrantEnd };
}

/** The stored state of a kernel beside its grants. */
export interface StoredSettings {
  readonly rules: StoredRules;
  /** Lines of `authorized_clients` that were followed: those whose grant is not stored are not to be followed again. */
  readonly lines: readonly AuthorizedClient[];
  /** The grant for clients without a name was revoked, and stays so under this policy. */
  readonly anonymousRevoked: boolean;
}

/** A grant of an earlier process of the kernel, to be opened again. */
export interface StoredGrant {
  readonly terms: GrantTerms;
  readonly place: GrantPlace;
  readonly ends: PlannedEnd | undefined;
}

/** The stored state of an earlier process of the kernel. */
export interface StoredKernel extends StoredSettings {
  readonly grants: readonly StoredGrant[];
}

/** Everything that a kernel's next process needs to be the same for its clients. Holds secrets. */
export function serializeKernel(settings: StoredSettings, grants: Iterable<ClientGrant>): StoredState {
  return { memory: JSON.stringify(settings), grants: [...grants].filter(isKept).map(textOf) };
}

/** Not that of the connection file, nor what has no sockets yet, or no more. */
const isKept = (grant: ClientGrant): grant is OpenGrant =>
  grant.terms.origin !== 'owner' && grant.server !== undefined && grant.listener !== undefined && !grant.ended;

type OpenGrant = ClientGrant & { readonly [part in 'server' | 'listener']: NonNullable<ClientGrant[part]> };

function textOf({ id, terms, server, listener, ends }: OpenGrant): string {
  return JSON.stringify({
    id,
    terms,
    secretKey: exposeZ85(server.secretKey),
    connection: formatConnectionInfo(listener.connection),
    ...(ends && { ends: { at: ends.at, machine: ends.due, end: ends.end } }),
  } satisfies GrantRecord);
}

/** Reads {@link serializeKernel}. Only an earlier process of this kernel can have sealed it. */
export async function loadKernel({ memory, grants }: StoredState): Promise<StoredKernel> {
  const kept: StoredSettings = JSON.parse(memory);
  return { ...kept, grants: await Promise.all(grants.map(async (text) => loadGrant(JSON.parse(text)))) };
}

async function loadGrant({ id, terms, secretKey: kept, connection: text, ends }: GrantRecord): Promise<StoredGrant> {
  const server = curvePairOf(secretKeyFromZ85(kept, 'The key of a grant'));
  const connection = await parseConnectionInfo(text, `of ${terms.identity}`);
  return {
    terms,
    place: { id, server, connection },
    ends: ends && { at: ends.at, due: ends.machine, end: ends.end },
  };
}
