import type { JsonObject } from '../../protocol/message.js';
import type { ClientGrant } from './client-grant.js';
import type { Peer } from '../peers.js';

/** What may be told about a grant. */
export interface GrantInfo {
  readonly id: string;
  /** The identity. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Of the key that is admitted. */
  readonly fingerprint: string;
  readonly origin: 'connection-file' | 'grant' | 'authorized-clients' | 'anonymous';
  /** ISO 8601, as all times here. */
  readonly issuedAt: string;
  readonly expiresAt: string | null;
  /** Addresses and blocks that it may be used from; null: from everywhere. */
  readonly from: readonly string[] | null;
}

/** A grant and those who use it. */
export interface ClientInfo extends GrantInfo {
  readonly connected: readonly Peer[];
  readonly lastRequest: { readonly at: string; readonly type: string } | null;
}

/** What may be told about `grant`. */
export function grantInfo({ id, terms, fingerprint = '' }: ClientGrant): GrantInfo {
  const { identity: name, roles, issuedAt, expiresAt = null, from = null } = terms;
  const origin = terms.origin === 'owner' ? 'connection-file' : terms.origin;
  return { id, name, roles, fingerprint, origin, issuedAt, expiresAt, from };
}

/** The same with its clients. */
export function clientInfo(grant: ClientGrant): ClientInfo {
  const { peers, lastRequest } = grant;
  return {
    ...grantInfo(grant),
    connected: peers.list(),
    lastRequest: lastRequest ? { at: new Date(lastRequest.at).toISOString(), type: lastRequest.type } : null,
  };
}

/** The information as replies on the wire have it. */
export function grantOnWire({ issuedAt: issued_at, expiresAt: expires_at, ...info }: GrantInfo): JsonObject {
  const { id, name, roles, fingerprint, origin, from } = info;
  return { id, name, roles, fingerprint, origin, issued_at, expires_at, from };
}

/** The same for {@link ClientInfo}. */
export function clientOnWire(info: ClientInfo): JsonObject {
  const connected = info.connected.map(({ address, since, sockets }) => ({ address, since, sockets }));
  return { ...grantOnWire(info), connected, last_request: info.lastRequest && { ...info.lastRequest } };
}
