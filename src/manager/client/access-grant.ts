import type { ConnectionInfo } from '../../connection/connection-info.js';
import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import type { JsonObject } from '../../protocol/message.js';
import { optionalText, readObjects, readTexts, requireObject, requireText } from './reply-fields.js';

/** What one key gives to one identity, as the kernel tells it. Times are ISO 8601 in UTC. */
export interface Grant {
  readonly id: string;
  /** The identity. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Of the key that is admitted. */
  readonly fingerprint: string;
  /** What brought it about. */
  readonly origin: string;
  readonly issuedAt: string;
  readonly expiresAt?: string;
  /** Addresses and blocks that it may be used from. */
  readonly from?: readonly string[];
}

/** A new grant, and what its holder connects with. */
export interface IssuedGrant {
  readonly grant: Grant;
  /**
   * With the public key of a pair of the holder's own: no secret, for {@link writeConnectionFile}. Without: a pair made for this grant, which
   * anyone with the connection can use.
   */
  readonly connection: ConnectionInfo;
}

/** A grant and who uses it. */
export interface GrantInUse extends Grant {
  /** An entry for each peer. */
  readonly connected: readonly { readonly address: string; readonly since: string; readonly sockets: number }[];
  readonly lastRequest?: { readonly at: string; readonly type: string };
}

/** A grant as the kernel writes it. Throws `message-malformed`. */
export function readGrant(grant: JsonObject): Grant {
  const expiresAt = optionalText(grant, 'expires_at');
  const from = grant['from'] ?? undefined;
  return {
    id: requireText(grant, 'id'),
    name: requireText(grant, 'name'),
    roles: readTexts(grant['roles']),
    fingerprint: requireText(grant, 'fingerprint'),
    origin: requireText(grant, 'origin'),
    issuedAt: requireText(grant, 'issued_at'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(from === undefined ? {} : { from: readTexts(from) }),
  };
}

/** The content of a reply that brings a new grant. Throws `message-malformed`, `connection-file-invalid`. */
export async function readIssuedGrant(reply: JsonObject): Promise<IssuedGrant> {
  const connection = requireObject(reply, 'connection');
  return {
    grant: readGrant(requireObject(reply, 'grant')),
    connection: await parseConnectionInfo(JSON.stringify(connection), 'of the grant'),
  };
}

/** A grant in a list of clients. Throws `message-malformed`. */
export function readGrantInUse(client: JsonObject): GrantInUse {
  const [last] = readObjects([client['last_request'] ?? null]);
  return {
    ...readGrant(client),
    connected: readObjects(client['connected']).map((peer) => ({
      address: requireText(peer, 'address'),
      since: requireText(peer, 'since'),
      sockets: Number(peer['sockets'] ?? 0),
    })),
    ...(last === undefined ? {} : { lastRequest: { at: requireText(last, 'at'), type: requireText(last, 'type') } }),
  };
}
