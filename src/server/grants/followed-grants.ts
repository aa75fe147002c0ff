import { parseAuthorizedClients, type AuthorizedClient } from '../../access/grants/authorized-clients.js';
import { checkGrantTerms, type GrantTerms } from '../../access/grants/grant.js';
import type { Policy } from '../../access/policy/policy.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';
import { definedOnly } from '../../support/defined-only.js';
import type { FileState } from '../rules/watched-file.js';
import type { ServerState } from '../server-state.js';
import type { ClientGrant } from './client-grant.js';
import type { GrantManager } from './grant-manager.js';
import type { StoredGrant } from './grant-storage.js';
import { connectionFor } from './open-client.js';

/** Dependencies of {@link FollowedGrants}. */
export interface FollowedGrantsOptions extends Pick<ServerState, 'rules' | 'journal'> {
  readonly grantManager: GrantManager;
  /** Beside whose sockets new ones are opened. */
  readonly owner: ConnectionInfo;
  /** Lines that an earlier process of the kernel followed. */
  readonly lines: readonly AuthorizedClient[];
  /** The grants that it had, for them and for others; a line without one is not to be followed until it changes. */
  readonly former: readonly StoredGrant[];
  /** The policy under which the grant for clients without a name was revoked in that process. */
  readonly revokedUnder: Policy | undefined;
}

/** A client that is to have a grant: a line of `authorized_clients`, or the clients without a name that a policy admits, who have no key. */
interface FollowedClient extends AuthorizedClient {
  /** The policy that admits clients without a name. Under another policy, they count as changed. */
  readonly policy?: Policy;
}

/** Keeps a grant for each line of an `authorized_clients` file, and one for clients without a name where the policy has them. */
export class FollowedGrants {
  readonly #options: FollowedGrantsOptions;
  /** Clients that a grant was opened for, by key: one that was revoked in another way stays so until its line changes. */
  readonly #opened = new Map<string, FollowedClient>();
  #lines: ReadonlyMap<string, AuthorizedClient> = new Map();
  /** Grants of an earlier process that have not been opened again, by key, with their lines. */
  readonly #former = new Map<string, StoredGrant & { readonly line: FollowedClient | undefined }>();
  /** Clients that could not be followed, and the policy under which that was said. */
  readonly #failed = new Map<string, { readonly line: FollowedClient; readonly policy: Policy }>();

  constructor(options: FollowedGrantsOptions) {
    this.#options = options;
    const { lines, former, revokedUnder } = options;
    for (const grant of former.filter(({ terms }) => isFollowed(terms))) {
      const key = keyOf(grant.terms);
      this.#former.set(key, { ...grant, line: lines.find(({ publicKey }) => publicKey === key) });
    }
    for (const line of lines) if (!this.#former.has(line.publicKey)) this.#opened.set(line.publicKey, line);
    if (revokedUnder) this.#opened.set(NO_KEY, withoutName(revokedUnder));
  }

  /** The grants that there are now. */
  get grants(): readonly ClientGrant[] {
    return [...this.#options.grantManager.grants].filter(({ terms }) => isFollowed(terms));
  }

  /** Lines that are followed, or were until their grant was ended in another way than by the file: to be kept for a restart. */
  get lines(): readonly AuthorizedClient[] {
    return [...this.#opened.values()].filter(({ policy }) => policy === undefined);
  }

  /** The grant for clients without a name was ended in another way than by the policy. */
  get anonymousRevoked(): boolean {
    const { policy } = this.#options.rules;
    const isOpen = this.grants.some(({ terms }) => keyOf(terms) === NO_KEY);
    return policy.anonymous !== 'deny' && this.#opened.get(NO_KEY)?.policy === policy && !isOpen;
  }

  /** Takes in what the file of lines says now. One that is broken changes nothing, and raises an alarm; one that is gone has no lines. */
  read(file: string, state: FileState): void {
    try {
      if (state.kind === 'unreadable') throw state.error;
      const lines = state.kind === 'missing' ? [] : parseAuthorizedClients(state.text, file);
      this.#lines = new Map(lines.map((line) => [line.publicKey, line]));
    } catch (error) {
      this.#options.journal.alarm(error);
    }
  }

  /** Counts all current lines as revoked: each is followed again when it changes. */
  passOver(): void {
    for (const [key, line] of this.#lines) this.#opened.set(key, line);
  }

  /** Makes the grants what the lines and the policy say, under the rules of this moment. */
  async apply(): Promise<void> {
    const { policy } = this.#options.rules;
    const wanted = new Map<string, FollowedClient>(this.#lines);
    if (policy.anonymous !== 'deny') wanted.set(NO_KEY, withoutName(policy));
    for (const grant of this.grants) {
      const line = wanted.get(keyOf(grant.terms));
      const opened = this.#opened.get(keyOf(grant.terms));
      if (!line || !isSameClient(grant.terms, line)) await this.#end(grant);
      else if (!opened || !isSameLine(opened, line)) await this.#changeRoles(grant, line);
    }
    for (const [key, opened] of this.#opened) {
      const line = wanted.get(key);
      if (!line || !isSameLine(opened, line)) this.#opened.delete(key);
    }
    for (const [key, line] of wanted) if (!this.#opened.has(key)) await this.#open(key, line);
  }

  async #open(key: string, line: FollowedClient): Promise<void> {
    const { grantManager, rules, journal, owner } = this.#options;
    const { identity, roles, expiresAt, from, policy } = line;
    const now = Date.now();
    if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return;
    const server = generateCurvePairSync();
    const publicKey = policy ? server.publicKey : line.publicKey;
    const origin = policy ? ('anonymous' as const) : ('authorized-clients' as const);
    const why = policy ? 'the policy admits clients without a name' : `authorized_clients, line ${line.line}`;
    const issuedAt = new Date(now).toISOString();
    const terms: GrantTerms = definedOnly({ identity, roles, publicKey, issuedAt, expiresAt, from, origin });
    try {
      checkGrantTerms(terms, rules.policy);
      if (!(await this.#reopen(key, line, why))) {
        await grantManager.open(terms, { server, connection: connectionFor(owner, server, terms) }, { why });
      }
      this.#opened.set(key, line);
    } catch (error) {
      const failed = this.#failed.get(key);
      if (failed?.policy === rules.policy && (failed.line === line || policy)) return;
      this.#failed.set(key, { line, policy: rules.policy });
      journal.alarm(error, identity);
    }
  }

  /** Opens what an earlier process had for the client, with the role that it had been given since, unless the line is another now. */
  async #reopen(key: string, line: FollowedClient, why: string): Promise<boolean> {
    const former = this.#former.get(key);
    this.#former.delete(key);
    if (!former || !isSameClient(former.terms, line)) return false;
    const roles = former.line && isSameLine(former.line, line) ? former.terms.roles : line.roles;
    try {
      await this.#options.grantManager.reopen({ ...former, terms: { ...former.terms, roles } }, why);
      return true;
    } catch (error) {
      this.#options.journal.alarm(error, line.identity);
      return false;
    }
  }

  async #end(grant: ClientGrant): Promise<void> {
    const key = keyOf(grant.terms);
    this.#opened.delete(key);
    const why = key === NO_KEY ? 'the policy admits no client without a name' : 'not in authorized_clients any more';
    await this.#options.grantManager.end(grant, { why });
  }

  async #changeRoles(grant: ClientGrant, line: FollowedClient): Promise<void> {
    const { grantManager, rules, journal } = this.#options;
    const { roles } = line;
    // A client that was to lose rights must not keep them. The alarm is raised when its grant is opened again.
    if (roles.some((role) => !rules.policy.roles.has(role))) return this.#end(grant);
    this.#opened.set(keyOf(grant.terms), line);
    const saved = grantManager.setRoles([grant], roles);
    if (!line.policy) journal.about(grant, { event: 'role', rule: `${roles.join(',')} by authorized_clients` });
    await saved;
  }
}

const NO_KEY = '';

const withoutName = (policy: Policy): FollowedClient => ({
  identity: 'anonymous',
  publicKey: NO_KEY,
  roles: [policy.anonymous],
  line: 0,
  policy,
});

type Limits = Pick<GrantTerms, 'identity' | 'expiresAt' | 'from'>;

const isFollowed = ({ origin }: GrantTerms): boolean => origin === 'authorized-clients' || origin === 'anonymous';
const keyOf = ({ origin, publicKey }: GrantTerms): string => (origin === 'anonymous' ? NO_KEY : publicKey);
const isSameClient = (a: Limits, b: Limits): boolean =>
  a.identity === b.identity && a.expiresAt === b.expiresAt && String(a.from) === String(b.from);
const isSameLine = (a: FollowedClient, b: FollowedClient): boolean =>
  isSameClient(a, b) && String(a.roles) === String(b.roles) && a.policy === b.policy;
