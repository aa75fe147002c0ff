import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import { formatConnectionInfo } from '../../connection/write-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { type MalformedField, objectField, objectsIn, textField, textIn, textsIn } from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';
import type { IssuedGrant } from '../access.js';
import type { ClientInfo, GrantInfo } from '../grants/grant-info.js';

/** A grant in a reply. */
export function encodeGrant({ issuedAt, expiresAt, from, ...info }: GrantInfo): JsonObject {
  const { id, name, roles, fingerprint, origin } = info;
  return {
    id,
    name,
    roles,
    fingerprint,
    origin,
    issued_at: issuedAt,
    expires_at: expiresAt ?? null,
    from: from ?? null,
  };
}

/** Reads {@link encodeGrant}. @throws CurveKernelError 'message-malformed' */
export function decodeGrant(grant: JsonObject): GrantInfo {
  return definedOnly({
    id: textField(grant, 'id', malformedReply),
    name: textField(grant, 'name', malformedReply),
    roles: textsIn(grant['roles']),
    fingerprint: textField(grant, 'fingerprint', malformedReply),
    origin: textField(grant, 'origin', malformedReply),
    issuedAt: textField(grant, 'issued_at', malformedReply),
    expiresAt: textIn(grant['expires_at']),
    from: (grant['from'] ?? undefined) === undefined ? undefined : textsIn(grant['from']),
  });
}

/** A grant with its clients in a reply. */
export function encodeClient(client: ClientInfo): JsonObject {
  const connected = client.connected.map(({ address, since, sockets }) => ({ address, since, sockets }));
  return {
    ...encodeGrant(client),
    connected,
    last_request: client.lastRequest ? { ...client.lastRequest } : null,
    ...(client.isRunning !== undefined && { running: client.isRunning }),
  };
}

/** Reads {@link encodeClient}. @throws CurveKernelError 'message-malformed' */
export function decodeClient(client: JsonObject): ClientInfo {
  const [last] = objectsIn([client['last_request'] ?? null]);
  return {
    ...decodeGrant(client),
    connected: objectsIn(client['connected']).map((peer) => ({
      address: textField(peer, 'address', malformedReply),
      since: textField(peer, 'since', malformedReply),
      sockets: Number(peer['sockets'] ?? 0),
    })),
    ...(last && {
      lastRequest: { at: textField(last, 'at', malformedReply), type: textField(last, 'type', malformedReply) },
    }),
    ...(typeof client['running'] === 'boolean' && { isRunning: client['running'] }),
  };
}

/** A new grant and its connection file in a reply. */
export function encodeIssuedGrant({ grant, connection }: IssuedGrant): JsonObject {
  return { grant: encodeGrant(grant), connection: JSON.parse(formatConnectionInfo(connection)) };
}

/** Reads {@link encodeIssuedGrant}. @throws CurveKernelError 'message-malformed', 'connection-file-invalid' */
export async function decodeIssuedGrant(reply: JsonObject): Promise<IssuedGrant> {
  const connection = JSON.stringify(objectField(reply, 'connection', malformedReply));
  return {
    grant: decodeGrant(objectField(reply, 'grant', malformedReply)),
    connection: await parseConnectionInfo(connection, 'of the grant'),
  };
}

/** The error for a reply that lacks a field. */
export const malformedReply: MalformedField = (field) =>
  new CurveKernelError('message-malformed', `The reply of the kernel lacks ${field}.`, {
    hint: 'Use the same version of jupyter-curve on both sides.',
    data: { field },
  });
