import { parseAuthorizedClients, type AuthorizedClient } from '../../access/grants/authorized-clients.js';
import { checkGrantTerms, type GrantTerms } from '../../access/grants/grant.js';
import type { Policy } from '../../access/policy/policy.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { definedOnly } from '../../support/defined-only.js';
import type { ClientGrant } from './client-grant.js';
import type { GrantManager } from './grant-manager.js';
import type { StoredGrant } from './grant-storage.js';
import { connectionFor } from './open-client.js';
import type { ServerState } from '../server-state.js';
import type { FileState } from '../rules/watched-file.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';

/** Dependencies of {@link AuthorizedGrants}. */
export interface AuthorizedGrantsOptions extends Pick<ServerState, 'rules' | 'journal'> {
  readonly file: string;
  readonly grantManager: GrantManager;
  /** Beside whose sockets new ones are opened. */
  readonly owner: ConnectionInfo;
  /** Lines that an earlier process of the kernel followed. */
  readonly lines: readonly AuthorizedClient[];
  /** The grants that it had for them; a line without one is not to be followed until it changes. */
  readonly former: readonly StoredGrant[];
}

/** Keeps a grant for each line of an `authorized_clients` file. */
export class AuthorizedGrants {
  readonly #options: AuthorizedGrantsOptions;
  /** Lines that a grant was opened for, by key: one that was revoked in another way stays so until its line changes. */
  readonly #opened = new Map<string, AuthorizedClient>();
  #lines: ReadonlyMap<string, AuthorizedClient> = new Map();
  /** Grants of an earlier process that have not been opened again, by key, with their lines. */
  readonly #former = new Map<string, StoredGrant & { readonly line: AuthorizedClient }>();
  /** Lines that could not be followed, and the policy under which that was said. */
  readonly #failed = new Map<string, { readonly line: AuthorizedClient; readonly policy: Policy }>();

  constructor(options: AuthorizedGrantsOptions) {
    this.#options = options;
    for (const line of options.lines) {
      const former = options.former.find(({ terms }) => terms.publicKey === line.publicKey);
      if (former) this.#former.set(line.publicKey, { ...former, line });
      else this.#opened.set(line.publicKey, line);
    }
  }

  /** The grants that there are now. */
  get grants(): readonly ClientGrant[] {
    return [...this.#options.grantManager.grants].filter(({ terms }) => terms.origin === 'authorized-clients');
  }

  /** Lines that are followed, or were until their grant was ended in another way than by the file: to be kept for a restart. */
  get lines(): readonly AuthorizedClient[] {
    return [...this.#opened.values()];
  }

  /** Takes in what the file says now. One that is broken changes nothing, and raises an alarm; one that is gone has no lines. */
  read(state: FileState): void {
    const { file, journal } = this.#options;
    try {
      if (state.kind === 'unreadable') throw state.error;
      const lines = state.kind === 'missing' ? [] : parseAuthorizedClients(state.text, file);
      this.#lines = new Map(lines.map((line) => [line.publicKey, line]));
    } catch (error) {
      journal.alarm(error);
    }
  }

  /** Counts all current lines as revoked: each is followed again when it changes. */
  passOver(): void {
    for (const [key, line] of this.#lines) this.#opened.set(key, line);
  }

  /** Makes the grants what the lines say, under the rules of this moment. */
  async apply(): Promise<void> {
    for (const grant of this.grants) {
      const line = this.#lines.get(grant.terms.publicKey);
      const opened = this.#opened.get(grant.terms.publicKey);
      if (!line || !isSameClient(grant.terms, line)) await this.#end(grant);
      else if (!opened || !isSameLine(opened, line)) await this.#changeRoles(grant, line);
    }
    for (const [key, opened] of this.#opened) {
      const line = this.#lines.get(key);
      if (!line || !isSameLine(opened, line)) this.#opened.delete(key);
    }
    for (const line of this.#lines.values()) if (!this.#opened.has(line.publicKey)) await this.#open(line);
  }

  async #open(line: AuthorizedClient): Promise<void> {
    const { grantManager, rules, journal, owner } = this.#options;
    const { identity, roles, publicKey, expiresAt, from } = line;
    const now = Date.now();
    if (expiresAt !== undefined && Date.parse(expiresAt) <= now) return;
    const origin = 'authorized-clients' as const;
    const issuedAt = new Date(now).toISOString();
    const terms: GrantTerms = definedOnly({ identity, roles, publicKey, issuedAt, expiresAt, from, origin });
    try {
      checkGrantTerms(terms, rules.policy);
      const why = `authorized_clients, line ${line.line}`;
      if (!(await this.#reopen(line, why))) {
        const server = generateCurvePairSync();
        await grantManager.open(terms, { server, connection: connectionFor(owner, server, terms) }, { why });
      }
      this.#opened.set(publicKey, line);
    } catch (error) {
      const failed = this.#failed.get(publicKey);
      if (failed?.line === line && failed.policy === rules.policy) return;
      this.#failed.set(publicKey, { line, policy: rules.policy });
      journal.alarm(error, identity);
    }
  }

  /** Opens what an earlier process had for the line, with the role that it had been given since, unless the line is another now. */
  async #reopen(line: AuthorizedClient, why: string): Promise<boolean> {
    const former = this.#former.get(line.publicKey);
    this.#former.delete(line.publicKey);
    if (!former || !isSameClient(former.terms, line)) return false;
    const roles = isSameLine(former.line, line) ? former.terms.roles : line.roles;
    try {
      await this.#options.grantManager.reopen({ ...former, terms: { ...former.terms, roles } }, why);
      return true;
    } catch (error) {
      this.#options.journal.alarm(error, line.identity);
      return false;
    }
  }

  async #end(grant: ClientGrant): Promise<void> {
    this.#opened.delete(grant.terms.publicKey);
    await this.#options.grantManager.end(grant, { why: 'not in authorized_clients any more' });
  }

  async #changeRoles(grant: ClientGrant, line: AuthorizedClient): Promise<void> {
    const { grantManager, rules, journal } = this.#options;
    const { roles } = line;
    // A client that was to lose rights must not keep them. The alarm is raised when its grant is opened again.
    if (roles.some((role) => !rules.policy.roles.has(role))) return this.#end(grant);
    this.#opened.set(line.publicKey, line);
    const saved = grantManager.setRoles([grant], roles);
    journal.about(grant, { event: 'role', rule: `${roles.join(',')} by authorized_clients` });
    await saved;
  }
}

type Limits = Pick<GrantTerms, 'identity' | 'expiresAt' | 'from'>;

const isSameClient = (a: Limits, b: Limits): boolean =>
  a.identity === b.identity && a.expiresAt === b.expiresAt && String(a.from) === String(b.from);
const isSameLine = (a: Limits & Pick<GrantTerms, 'roles'>, b: AuthorizedClient): boolean =>
  isSameClient(a, b) && String(a.roles) === String(b.roles);
