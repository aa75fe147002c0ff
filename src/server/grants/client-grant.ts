import { randomBytes } from 'node:crypto';
import type { ClientInfo, GrantInfo } from '../../access/grants/grant-info.js';
import type { Subject } from '../../access/policy/decide.js';
import type { GrantTerms } from '../../access/grants/grant.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { Listener } from '../../transport/server/listener.js';
import type { Arrivals } from '../arrivals.js';
import type { Deadline } from '../../support/deadline.js';
import { createPeers } from '../peers.js';
import { definedOnly } from '../../support/defined-only.js';

/** The end of a grant. */
export interface GrantEnd {
  /** One or a few words for the audit. */
  readonly why: string;
  /** Its running cell may finish. */
  readonly letFinish?: boolean;
  /** The id of its successor: the requests of this grant go on, for as long as that one lasts. */
  readonly succeededBy?: string;
}

/** The end of a grant, and its time. */
export type PlannedEnd = Deadline & { readonly end: GrantEnd };

/** The current subject of an identity, shared by its grants. */
export interface SubjectRef {
  subject: Subject;
}

/** The address of a grant's sockets, and their key pair. */
export interface GrantPlace {
  readonly connection: ConnectionInfo;
  /** Absent in plain text. */
  readonly server?: CurvePair;
  /** The id of a stored grant, which is opened even while the policy cannot be used. Default: a new one. */
  readonly id?: string;
}

/** One key of one identity, and the listener that admits it: whatever arrives there was sent by this identity. */
export class ClientGrant {
  readonly id: string;
  readonly server: CurvePair | undefined;
  readonly peers = createPeers();
  /** Connections that have not been told of yet. */
  arrivals: Arrivals | undefined;
  /** The subject of its identity, shared by all grants of that; see {@link Grants}. */
  subjectRef: SubjectRef;
  /** Time in milliseconds since 1970, and message type. */
  lastRequest: { readonly at: number; readonly type: string } | undefined;
  /** Its end, if that is planned, and how to call that off. */
  ends: (PlannedEnd & { readonly stop: () => void }) | undefined;
  /** Ids of the ended grants whose place it has taken. */
  readonly predecessors: string[] = [];
  /** It has asked to be told what happens. */
  isWatching = false;
  /** Of the key that is admitted; undefined in plain text. */
  readonly fingerprint: string | undefined;
  /** Others for the same key may take their place. */
  terms: GrantTerms;
  /** Defined once its sockets are open. */
  listener: Listener | undefined;
  #ended = false;

  constructor(terms: GrantTerms, { id = randomBytes(8).toString('hex'), server }: Omit<GrantPlace, 'connection'>) {
    this.id = id;
    this.server = server;
    this.fingerprint = server && fingerprint(terms.publicKey);
    this.terms = terms;
    this.subjectRef = { subject: { name: terms.identity, roles: terms.roles } };
  }

  get identity(): string {
    return this.terms.identity;
  }

  /** The identity with the roles of all the grants that it has now, also when this one has ended. */
  get subject(): Subject {
    return this.subjectRef.subject;
  }

  /** Its sockets are closed, or about to be: no client is admitted, and no request is answered. */
  get ended(): boolean {
    return this.#ended;
  }

  /** From this call on no client is admitted and nothing is sent. Resolves when the five sockets are closed. */
  async close(linger = 0): Promise<void> {
    this.arrivals?.flush();
    this.#ended = true;
    await this.listener?.close({ linger });
  }
}

/** The public facts of a grant. */
export function grantInfo({ id, terms, fingerprint: of = '' }: ClientGrant): GrantInfo {
  const { identity: name, roles, issuedAt, expiresAt, from } = terms;
  const origin = terms.origin === 'owner' ? 'connection-file' : terms.origin;
  return definedOnly({ id, name, roles, fingerprint: of, origin, issuedAt, expiresAt, from });
}

/** The same with its clients. */
export function clientInfo(grant: ClientGrant): ClientInfo {
  const { peers, lastRequest } = grant;
  return {
    ...grantInfo(grant),
    connected: peers.list(),
    ...(lastRequest && { lastRequest: { ...lastRequest, at: new Date(lastRequest.at).toISOString() } }),
  };
}
