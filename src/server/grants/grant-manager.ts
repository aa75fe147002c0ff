import type { GrantTerms } from '../../access/grants/grant.js';
import { checkOwnership } from '../../access/policy/ownership.js';
import type { Subject } from '../../access/policy/decide.js';
import { CurveKernelError } from '../../errors.js';
import type { ServerState } from '../server-state.js';
import { ClientGrant, type GrantEnd, type GrantPlace } from './client-grant.js';
import { deadlineIn, leftUntil, startDeadline, type Deadline } from '../../support/deadline.js';
import type { StoredGrant } from './grant-storage.js';
import type { Grants } from './grants.js';
import { openClient, type ClientSockets } from './open-client.js';

/** The identity that makes a change, and a check of its right. */
export interface Actor {
  readonly subject: Subject;
  /** Throws 'not-permitted' when the actor has lost the right since it asked. */
  check(): void;
}

/** The program that runs the kernel may do what its owner may. */
export const PROGRAM: Actor = { subject: { name: 'owner', roles: ['owner'] }, check: () => undefined };

/** The cause of a new grant. */
export interface GrantCause {
  readonly actor?: Actor;
  /** A few words for the audit. */
  readonly why: string;
}

/** Opens grants, and ends them: when they are revoked, when their time has come, and with the kernel. */
export class GrantManager {
  readonly grants: Grants;
  readonly #state: ServerState;
  readonly #sockets: ClientSockets;
  #closing = false;

  constructor(state: ServerState, sockets: ClientSockets) {
    this.#state = state;
    this.#sockets = sockets;
    this.grants = state.grants;
  }

  /**
   * Opens sockets for a client. Nothing is left of it when that fails, or cannot be written down, or when the actor may not do it any
   * more by then.
   *
   * @throws CurveKernelError 'not-permitted', 'grant-failed'; as `openListener` does
   */
  async open(terms: GrantTerms, place: GrantPlace, { actor = PROGRAM, why }: GrantCause): Promise<ClientGrant> {
    const { grants, journal, rules, audit, store } = this.#state;
    if (terms.origin !== 'owner' && place.id === undefined) rules.checkUsable();
    checkOwnership(actor.subject, grants.terms, [...grants.terms, terms]);
    const grant = new ClientGrant(terms, place);
    grants.add(grant);
    try {
      await openClient(grant, place.connection, this.#sockets);
      if (terms.origin === 'owner') return grant;
      actor.check();
      this.#checkOpen(grant);
      journal.about(grant, { event: 'grant', rule: why });
      await audit?.written().catch((cause: unknown) => {
        throw notRecordedError(cause);
      });
    } catch (error) {
      grants.remove(grant);
      await grant.close();
      throw error;
    }
    if (terms.expiresAt !== undefined) {
      this.expire(grant, deadlineIn(Date.parse(terms.expiresAt) - Date.now()), { why: 'expired' });
    }
    await store.save();
    return grant;
  }

  /** Opens again, at the same place, a grant that was there before; not one whose time has come since. Rejects as {@link open} does. */
  async reopen({ terms, place, ends }: StoredGrant, why: string): Promise<void> {
    if (ends && leftUntil(ends) <= 0) return;
    const grant = await this.open(terms, place, { why });
    if (ends) this.expire(grant, ends, ends.end);
  }

  /** Has a grant end at that time, or earlier if it was to. */
  expire(grant: ClientGrant, deadline: Deadline, end: GrantEnd): void {
    if (grant.ended || (grant.ends && leftUntil(grant.ends) <= leftUntil(deadline))) return;
    grant.ends?.stop();
    grant.ends = { ...deadline, end, stop: startDeadline(deadline, () => void this.end(grant, end)) };
  }

  /** Ends what is past its time by either clock: timers stand still while a machine sleeps. */
  async endPast(): Promise<void> {
    const past = [...this.grants].filter(({ ends }) => ends && leftUntil(ends) <= 0);
    await Promise.all(past.map(async (grant) => this.end(grant, grant.ends?.end ?? { why: 'expired' })));
  }

  /** Gives these grants of one identity other roles, at once. Resolves when that is saved for a restart; never rejects. */
  async setRoles(grants: readonly ClientGrant[], roles: readonly string[]): Promise<void> {
    this.grants.setRoles(grants, roles);
    await this.#state.store.save();
  }

  /**
   * Closes the connections of a grant. Clients that connect again, at the same address, are checked anew. Rejects when the grant cannot be
   * opened again; it has ended then.
   */
  async cut(grant: ClientGrant, why: string): Promise<void> {
    const { id, terms, server, listener, ends } = grant;
    await this.end(grant, { why });
    if (!listener || !server) return;
    await this.reopen({ terms, place: { id, server, connection: listener.connection }, ends }, why);
  }

  /** Nothing of it is delivered any more when this returns. Resolves when its sockets are closed. */
  async end(grant: ClientGrant, { why, letFinish = false, succeededBy }: GrantEnd): Promise<void> {
    const { grants, journal, store } = this.#state;
    if (grant.ended) return;
    const closed = grant.close();
    grant.ends?.stop();
    grants.remove(grant);
    const successor = [...grants].find(({ id }) => id === succeededBy);
    this.#cancelRequests(grant, successor, letFinish);
    journal.about(grant, { event: 'revoke', rule: why });
    await Promise.all([closed, store.save()]);
  }

  /** Has what a grant asked for go on in the hands of its successor; without one all of that ends, and what was handed to it. */
  #cancelRequests(grant: ClientGrant, successor: ClientGrant | undefined, letFinish: boolean): void {
    const backend = this.#state.backend();
    const handed = [...grant.predecessors, grant.id];
    if (successor) {
      successor.predecessors.push(...handed);
      backend.cancelRequests(grant.id, 'everything');
    } else for (const id of handed) backend.cancelRequests(id, letFinish ? 'running' : 'nothing');
  }

  /** Closes every listener, giving what was sent that many milliseconds to leave. */
  async close(linger: number): Promise<void> {
    this.#closing = true;
    for (const { ends } of this.grants) ends?.stop();
    await Promise.all([...this.grants].map(async (grant) => grant.close(linger)));
  }

  #checkOpen(grant: ClientGrant): void {
    if (!this.#closing && !grant.ended) return;
    throw new CurveKernelError('grant-failed', `The grant for ${grant.identity} was ended before it began.`, {
      hint: 'The kernel was ending, or the grant was revoked: see the audit.',
    });
  }
}

const notRecordedError = (cause: unknown): CurveKernelError =>
  new CurveKernelError('grant-failed', 'The audit cannot be written, and no client is admitted without a record.', {
    hint: 'Make room on its disk, or give the kernel another place for it.',
    cause,
  });
