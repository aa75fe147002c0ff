import { subjectOf, type GrantTerms } from '../../access/grant.js';
import type { Subject } from '../../access/decide.js';
import type { ClientGrant } from './client-grant.js';

/** The live grants. Keeps every grant's subject what all grants of its identity make it. */
export class Grants implements Iterable<ClientGrant> {
  readonly #all = new Set<ClientGrant>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<ClientGrant> {
    return this.#all[Symbol.iterator]();
  }

  /** Their terms. */
  get terms(): readonly GrantTerms[] {
    return [...this.#all].map((grant) => grant.terms);
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
    this.#renew(grant.identity);
  }

  /** What it gave is gone from its identity too, and it is left with what the other grants of that give. */
  remove(grant: ClientGrant): void {
    this.#all.delete(grant);
    this.#renew(grant.identity);
    grant.subject = this.subject(grant.identity);
  }

  /** Gives these grants of one identity other roles. */
  setRoles(grants: readonly ClientGrant[], roles: readonly string[]): void {
    for (const grant of grants) grant.change({ roles });
    for (const { identity } of grants.slice(0, 1)) this.#renew(identity);
  }

  #renew(name: string): void {
    const subject = this.subject(name);
    for (const grant of this.named(name)) grant.subject = subject;
  }
}
