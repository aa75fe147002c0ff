import type { GrantTerms } from '../../access/grants/grant.js';
import type { Policy } from '../../access/policy/policy.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { ClientGrant } from './client-grant.js';
import type { GrantManager } from './grant-manager.js';
import type { StoredGrant } from './grant-storage.js';
import { connectionFor } from './open-client.js';
import type { ServerState } from '../server-state.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';

/** Dependencies of {@link AnonymousGrant}. */
export interface AnonymousGrantOptions extends Pick<ServerState, 'rules'> {
  readonly grantManager: GrantManager;
  /** Beside whose sockets new ones are opened. */
  readonly owner: ConnectionInfo;
  /** That of an earlier process of the kernel. */
  readonly former: StoredGrant | undefined;
  /** The policy under which it was revoked in an earlier process. */
  readonly revokedUnder: Policy | undefined;
}

/** The grant for clients without a name, for as long as the policy has one. */
export class AnonymousGrant {
  readonly #options: AnonymousGrantOptions;
  /** One that was revoked in another way than by this policy stays so until there is another. */
  #followed: Policy | undefined;
  #former: StoredGrant | undefined;

  constructor(options: AnonymousGrantOptions) {
    this.#options = options;
    this.#followed = options.revokedUnder;
    this.#former = options.former;
  }

  /** The one that there is now, or none. */
  get grants(): readonly ClientGrant[] {
    return [...this.#options.grantManager.grants].filter(({ terms }) => terms.origin === 'anonymous');
  }

  /** It was ended in another way than by the policy. */
  get isRevoked(): boolean {
    const { policy } = this.#options.rules;
    return policy.anonymous !== 'deny' && this.#followed === policy && this.grants.length === 0;
  }

  /** Makes it what the policy says. */
  async apply(): Promise<void> {
    const { grantManager, rules } = this.#options;
    const { policy } = rules;
    const { anonymous: role } = policy;
    const [live] = this.grants;
    if (this.#followed === policy) return;
    if (role === 'deny') {
      if (live) await grantManager.end(live, { why: 'the policy admits no client without a name' });
    } else if (live) await grantManager.setRoles([live], [role]);
    else await this.#open(role);
    this.#followed = policy;
  }

  async #open(role: string): Promise<void> {
    const { grantManager, owner } = this.#options;
    const why = 'the policy admits clients without a name';
    const former = this.#former;
    this.#former = undefined;
    if (former) return grantManager.reopen({ ...former, terms: { ...former.terms, roles: [role] } }, why);
    const server = generateCurvePairSync();
    const terms: GrantTerms = {
      identity: 'anonymous',
      roles: [role],
      publicKey: server.publicKey,
      issuedAt: new Date().toISOString(),
      origin: 'anonymous',
    };
    await grantManager.open(terms, { server, connection: connectionFor(owner, server, terms) }, { why });
  }
}
