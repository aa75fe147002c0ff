import type { Journal } from '../audit/journal.js';
import type { ClientGrant } from '../grants/client-grant.js';
import type { Grants } from '../grants/grants.js';
import type { AccessStore } from '../state/access-store.js';
import type { Rules } from './rules.js';
import { createAskVerifier, loadVerifier, type AskVerifier, type Verify } from './verifier.js';

/** Dependencies of {@link VerifiedRoles}. */
export interface VerifiedRolesOptions {
  /** A verifier, or the module whose default export it is. */
  readonly verify: Verify | string;
  readonly grants: Grants;
  readonly rules: Rules;
  readonly journal: Journal;
  readonly store: AccessStore;
}

/** Gives each identity, but the owner of the connection file, the role that a verifier decides for its connections. */
export class VerifiedRoles {
  readonly #options: VerifiedRolesOptions;
  #ask: AskVerifier | undefined;

  constructor(options: VerifiedRolesOptions) {
    this.#options = options;
  }

  /** Loads the verifier; until then no connection is admitted. @throws CurveKernelError 'policy-invalid' when it cannot be used */
  async load(): Promise<void> {
    const { verify, rules } = this.#options;
    const loaded = typeof verify === 'function' ? verify : await loadVerifier(verify);
    this.#ask = createAskVerifier(loaded, (name) => rules.policy.roles.has(name));
  }

  /**
   * True if the verifier admits a connection from that address. Its answer becomes the role of the identity, unless connections from
   * other addresses have another role: a listener does not know by which of them a message comes, so they all have one.
   */
  async verify(grant: ClientGrant, address: string): Promise<boolean> {
    if (grant.terms.origin === 'owner') return true;
    const role = await this.#ask?.(grant, address);
    if (role === undefined || grant.ended) return false;
    const held = this.#verified(grant.identity);
    const others = held.filter((one) => [...one.peers.addresses].some((from) => one !== grant || from !== address));
    const other = others.map(rolesOf).find((roles) => roles !== role);
    if (other !== undefined) {
      const rule = `${role} by the verifier from there, and ${other} from where it is connected`;
      this.#options.journal.about(grant, { event: 'refuse', verdict: 'refused', address, rule });
      return false;
    }
    this.#setRole(held, role);
    grant.peers.expect(address);
    return true;
  }

  /** Asks again about every connection. `cut` ends the connections of a grant that the verifier denies, or gives different roles. */
  async verifyAgain(cut: (grant: ClientGrant, why: string) => Promise<void>): Promise<void> {
    const identities = new Set([...this.#options.grants].map(({ identity }) => identity));
    await Promise.all([...identities].map(async (identity) => this.#verifyIdentity(identity, cut)));
  }

  async #verifyIdentity(identity: string, cut: (grant: ClientGrant, why: string) => Promise<void>): Promise<void> {
    const asked = this.#verified(identity).flatMap((grant) =>
      [...grant.peers.addresses].map(async (address) => ({ grant, role: await this.#ask?.(grant, address) })),
    );
    const answers = (await Promise.all(asked)).filter(({ grant }) => !grant.ended);
    const [role, ...others] = new Set(answers.map((answer) => answer.role).filter((one) => one !== undefined));
    if (others.length === 0 && role !== undefined) this.#setRole(this.#verified(identity), role);
    const toCut = others.length > 0 ? answers : answers.filter((answer) => answer.role === undefined);
    const why = others.length > 0 ? 'the verifier gives its connections different roles' : 'the verifier denies';
    const cuts = [...new Set(toCut.map(({ grant }) => grant))].map(async (grant) => cut(grant, why));
    await Promise.all(cuts).catch((error: unknown) => this.#options.journal.alarm(error, identity));
  }

  #verified(identity: string): readonly ClientGrant[] {
    return this.#options.grants.named(identity).filter(({ terms }) => terms.origin !== 'owner');
  }

  #setRole(held: readonly ClientGrant[], role: string): void {
    const { grants, store, journal } = this.#options;
    const [first] = held.filter((grant) => rolesOf(grant) !== role);
    if (first === undefined) return;
    grants.setRoles(held, [role]);
    void store.save();
    journal.about(first, { event: 'role', rule: `${role} by the verifier` });
  }
}

const rolesOf = ({ terms }: ClientGrant): string => terms.roles.join(',');
