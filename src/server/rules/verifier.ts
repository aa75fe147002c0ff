import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { VERDICT_TIMEOUT } from '../../transport/server/zap-policy.js';
import type { ClientGrant } from '../grants/client-grant.js';
import type { ServerState } from '../server-state.js';
import { withTimeout } from '../../support/timers.js';

/** The key of a client that a verifier decides about. */
export interface VerifiedKey {
  /** The public key, in Z85; the client has proved to hold its secret. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** The roles that its grants give the identity. */
  readonly roles: readonly string[];
}

/**
 * Returns the role of a client with a granted key, or `'deny'`. It is called for each connection, and again with every
 * re-authorization. An error, an answer after more than 1.5 s, and anything but the name of a role deny.
 */
export type Verify = (identity: string, address: string, key: VerifiedKey) => string | Promise<string>;

/** Milliseconds in which the five connections of one client are one question. */
const MEMORY = 1_000;

/** Gives each identity, but the owner of the connection file, the role that a verifier decides for its connections. */
export class VerifiedRoles {
  readonly #state: ServerState;
  readonly #given: Verify | string;
  #verifier: Verify | undefined;
  readonly #asked = new Map<string, Promise<string | undefined>>();

  /** `verify` is a verifier, or the module whose default export it is. */
  constructor(state: ServerState, verify: Verify | string) {
    this.#state = state;
    this.#given = verify;
  }

  /** Loads the verifier; until then no connection is admitted. @throws CurveKernelError 'policy-invalid' when it cannot be used */
  async load(): Promise<void> {
    this.#verifier = typeof this.#given === 'function' ? this.#given : await loadVerifier(this.#given);
  }

  /**
   * True if the verifier admits a connection from that address. Its answer becomes the role of the identity, unless connections from
   * other addresses have another role: a listener does not know by which of them a message comes, so they all have one.
   */
  async verify(grant: ClientGrant, address: string): Promise<boolean> {
    if (grant.terms.origin === 'owner') return true;
    const role = await this.#ask(grant, address);
    if (role === undefined || grant.ended) return false;
    const held = this.#verified(grant.identity);
    const others = held.filter((one) => [...one.peers.addresses].some((from) => one !== grant || from !== address));
    const other = others.map(rolesOf).find((roles) => roles !== role);
    if (other !== undefined) {
      const rule = `${role} by the verifier from there, and ${other} from where it is connected`;
      this.#state.journal.about(grant, { event: 'refuse', verdict: 'refused', address, rule });
      return false;
    }
    this.#setRole(held, role);
    grant.peers.expect(address);
    return true;
  }

  /** Asks again about every connection. `cut` ends the connections of a grant that the verifier denies, or gives different roles. */
  async verifyAgain(cut: (grant: ClientGrant, why: string) => Promise<void>): Promise<void> {
    const identities = new Set([...this.#state.grants].map(({ identity }) => identity));
    await Promise.all([...identities].map(async (identity) => this.#verifyIdentity(identity, cut)));
  }

  async #verifyIdentity(identity: string, cut: (grant: ClientGrant, why: string) => Promise<void>): Promise<void> {
    const asked = this.#verified(identity).flatMap((grant) =>
      [...grant.peers.addresses].map(async (address) => ({ grant, role: await this.#ask(grant, address) })),
    );
    const answers = (await Promise.all(asked)).filter(({ grant }) => !grant.ended);
    const [role, ...others] = new Set(answers.map((answer) => answer.role).filter((one) => one !== undefined));
    if (others.length === 0 && role !== undefined) this.#setRole(this.#verified(identity), role);
    const toCut = others.length > 0 ? answers : answers.filter((answer) => answer.role === undefined);
    const why = others.length > 0 ? 'the verifier gives its connections different roles' : 'the verifier denies';
    const cuts = [...new Set(toCut.map(({ grant }) => grant))].map(async (grant) => cut(grant, why));
    await Promise.all(cuts).catch((error: unknown) => this.#state.journal.alarm(error, identity));
  }

  /** The role that the verifier gives; undefined for a refusal, which is what everything else comes to that it may do. */
  #ask(grant: ClientGrant, address: string): Promise<string | undefined> {
    const question = `${grant.id} ${address}`;
    let answer = this.#asked.get(question);
    if (answer === undefined) {
      answer = this.#answer(grant, address);
      this.#asked.set(question, answer);
      setTimeout(() => this.#asked.delete(question), MEMORY).unref();
    }
    return answer;
  }

  async #answer(grant: ClientGrant, address: string): Promise<string | undefined> {
    const { publicKey } = grant.terms;
    try {
      const key = { publicKey, fingerprint: grant.fingerprint ?? '', roles: grant.subject.roles };
      const verified = Promise.resolve(this.#verifier?.(grant.identity, address, key));
      const answer: unknown = await withTimeout(verified, VERDICT_TIMEOUT - 100, () => undefined);
      const isRole = typeof answer === 'string' && answer !== 'deny' && this.#state.rules.policy.roles.has(answer);
      return isRole ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  #verified(identity: string): readonly ClientGrant[] {
    return this.#state.grants.named(identity).filter(({ terms }) => terms.origin !== 'owner');
  }

  #setRole(held: readonly ClientGrant[], role: string): void {
    const { grants, store, journal } = this.#state;
    const [first] = held.filter((grant) => rolesOf(grant) !== role);
    if (first === undefined) return;
    grants.setRoles(held, [role]);
    void store.save();
    journal.about(first, { event: 'role', rule: `${role} by the verifier` });
  }
}

const rolesOf = ({ terms }: ClientGrant): string => terms.roles.join(',');

/**
 * Loads a verifier: the default export of a module.
 *
 * @throws CurveKernelError 'policy-invalid' when the module cannot be loaded or exports no function: a kernel that is to ask and cannot
 * does not start
 */
async function loadVerifier(file: string): Promise<Verify> {
  const refuse = (problem: string, cause?: unknown): CurveKernelError =>
    new CurveKernelError('policy-invalid', `The verifier ${file} ${problem}.`, {
      hint: 'Name a module whose default export is (identity, address) => role or "deny".',
      cause,
      data: { file },
    });
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw refuse('cannot be loaded', cause);
  }
  const { default: verify } = loaded;
  if (typeof verify !== 'function') throw refuse('has no function as its default export');
  return async (...question) => String(await Reflect.apply(verify, undefined, question));
}
