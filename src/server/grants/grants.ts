import { subjectOf, type GrantTerms } from '../../access/grants/grant.js';
import type { Subject } from '../../access/policy/decide.js';
import type { ClientGrant, SubjectRef } from './client-grant.js';

/** Its terms; a key that a rotation is about to end has that end. */
export function termsOf({ terms, ends }: ClientGrant): GrantTerms {
  return ends?.end.succeededBy === undefined ? terms : { ...terms, expiresAt: new Date(ends.at).toISOString() };
}

/** The live grants. Keeps every grant's subject what all grants of its identity make it, also those of grants that have ended. */
export class Grants implements Iterable<ClientGrant> {
  readonly #all = new Set<ClientGrant>();
  readonly #subjectRefs = new Map<string, SubjectRef>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<ClientGrant> {
    return this.#all[Symbol.iterator]();
  }

  /** Their terms. */
  get terms(): readonly GrantTerms[] {
    return [...this.#all].map(termsOf);
  }

  /** The grants of that identity. */
  named(name: string): readonly ClientGrant[] {
    return [...this.#all].filter((grant) => grant.identity === name);
  }

  /** The identity with the roles of its grants; none for one without a grant. */
  subject(name: string): Subject {
    return subjectOf(name, this.terms);
  }

  add(grant: ClientGrant): void {
    this.#all.add(grant);
    grant.subjectRef = this.#subjectRefs.get(grant.identity) ?? grant.subjectRef;
    this.#subjectRefs.set(grant.identity, grant.subjectRef);
    this.#renew(grant.identity);
  }

  /** Removes the grant; its identity keeps only the roles of its other grants. */
  remove(grant: ClientGrant): void {
    this.#all.delete(grant);
    this.#renew(grant.identity);
    if (this.named(grant.identity).length === 0) this.#subjectRefs.delete(grant.identity);
  }

  /** Gives these grants of one identity other roles. */
  setRoles(grants: readonly ClientGrant[], roles: readonly string[]): void {
    for (const grant of grants) grant.terms = { ...grant.terms, roles };
    for (const { identity } of grants.slice(0, 1)) this.#renew(identity);
  }

  #renew(name: string): void {
    const subjectRef = this.#subjectRefs.get(name);
    if (subjectRef) subjectRef.subject = this.subject(name);
  }
}
