import type { AuthorizedClient } from '../../access/authorized-clients.js';
import { CurveKernelError } from '../../errors.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { generateCurvePair } from '../../keys/curve-pair.js';
import type { AccessOptions } from './access-options.js';
import { AuthorizedGrants } from './authorized-grants.js';
import { ClientFiles } from './client-files.js';
import type { ClientGrant } from './client-grant.js';
import type { GrantKeeper } from './grant-keeper.js';
import type { Journal } from './journal.js';
import { connectionFor } from './open-client.js';
import type { Rules } from './rules.js';
import { createAskVerifier, loadVerifier, type AskVerifier } from './verifier.js';
import { WatchedFile, type FileState } from './watched-file.js';

/** What {@link AccessSources} works with. */
export interface AccessSourcesOptions {
  readonly options: AccessOptions;
  readonly keeper: GrantKeeper;
  readonly rules: Rules;
  readonly journal: Journal;
  /** Beside which clients' connection files are written. */
  readonly connectionFile: string | undefined;
}

const REAUTH_INTERVAL = 30_000;
const MOST_BYTES = 1024 * 1024;

/** What is said about access outside of the kernel: the policy, `authorized_clients`, a verifier. Asks again, and again. */
export class AccessSources {
  readonly files: ClientFiles;
  readonly #given: AccessSourcesOptions;
  #policyFile: WatchedFile | undefined;
  #clientsFile: WatchedFile | undefined;
  #authorized: AuthorizedGrants | undefined;
  #ask: AskVerifier | undefined;
  #owner: ConnectionInfo | undefined;
  /** Why nobody can be let in, beside who is in. */
  #unusable: unknown;
  #work = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(given: AccessSourcesOptions) {
    this.#given = given;
    this.files = new ClientFiles(given.connectionFile, given.journal);
  }

  /**
   * Reads the policy and loads the verifier: before anybody can connect.
   *
   * @throws CurveKernelError 'policy-invalid' for a verifier that cannot be used. A broken policy lets the owner in, and nobody else.
   */
  async prepare(): Promise<void> {
    const { verify, policyFile } = this.#given.options;
    if (verify !== undefined) {
      const loaded = typeof verify === 'function' ? verify : await loadVerifier(verify);
      this.#ask = createAskVerifier(loaded, (name) => this.#given.rules.policy.roles.has(name));
    }
    if (policyFile === undefined) return;
    this.#policyFile = new WatchedFile({
      file: policyFile,
      maxBytes: MOST_BYTES,
      onChange: async (state) => this.#takePolicy(state),
    });
    const state = await this.#policyFile.open();
    if (state.kind !== 'missing') await this.#takePolicy(state);
  }

  /** Lines of `authorized_clients` that are not followed. */
  get revoked(): readonly AuthorizedClient[] {
    return this.#authorized?.revoked ?? [];
  }

  /** Lets in whoever is authorized, but for lines whose grants were `revoked` before; from here on until {@link close}, all of it is looked at again whenever it changes. */
  async begin(owner: ConnectionInfo, revoked: readonly AuthorizedClient[]): Promise<void> {
    const { options, keeper, rules, journal } = this.#given;
    const shared = { keeper, rules, journal };
    this.#owner = owner;
    const { authorizedClients: file } = options;
    if (file !== undefined) {
      const authorized = (this.#authorized = new AuthorizedGrants({ ...shared, file, owner, revoked }));
      this.#clientsFile = new WatchedFile({
        file,
        maxBytes: MOST_BYTES,
        onChange: async (state) => this.#takeClients(state),
      });
      authorized.read(await this.#clientsFile.open());
    }
    const interval = options.reauthInterval ?? rules.policy.reauthInterval ?? REAUTH_INTERVAL;
    this.#timer = setInterval(() => void this.reauthorize(), interval).unref();
    await this.reauthorize();
  }

  /** Throws 'grant-failed' while there is no policy by which somebody could be let in. */
  checkUsable(): void {
    if (this.#unusable === undefined) return;
    throw new CurveKernelError('grant-failed', 'The policy of this kernel cannot be used, so nobody can be let in.', {
      hint: 'Correct the policy file; it counts within a second.',
      cause: this.#unusable,
    });
  }

  /** Whether the verifier lets somebody in from there. Its answer becomes the grant's role. */
  async verify(grant: ClientGrant, address: string): Promise<boolean> {
    const { keeper, journal } = this.#given;
    if (!this.#ask || grant.terms.origin === 'owner') return true;
    const role = await this.#ask(grant, address);
    if (role === undefined || grant.ended) return false;
    if (grant.terms.roles.join(',') !== role) {
      keeper.setRoles([grant], [role]);
      journal.about(grant, { event: 'role', rule: `${role} by the verifier` });
    }
    return true;
  }

  /** Reads the files again now. */
  async reload(): Promise<void> {
    await this.#policyFile?.check();
    await this.#clientsFile?.check();
    await this.reauthorize();
  }

  /** Looks at every client's right to be connected again. Never rejects. */
  async reauthorize(): Promise<void> {
    const { keeper, journal } = this.#given;
    await this.#serially(async () => {
      await keeper.endPast();
      await this.#authorized?.apply();
      await this.#applyAnonymous();
      await this.files.update([...(this.#authorized?.grants ?? []), ...this.#anonymous()]);
      await keeper.kept();
      if (this.#ask) await Promise.all([...keeper.grants].map(async (grant) => this.#verifyAgain(grant)));
    }).catch((error: unknown) => journal.alarm(error));
  }

  /** Stops looking; resolves when what was being done is done. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#policyFile?.close();
    this.#clientsFile?.close();
    await this.#work;
  }

  async #takeClients(state: FileState): Promise<void> {
    this.#authorized?.read(state);
    await this.reauthorize();
  }

  async #takePolicy(state: FileState): Promise<void> {
    const { options, rules, journal } = this.#given;
    const source = options.policyFile ?? '';
    try {
      if (state.kind === 'unreadable') throw state.error;
      if (state.kind === 'missing') throw gone(source);
      const { parsePolicy } = await import('../../access/policy-file.js');
      rules.setPolicy(parsePolicy(state.text, source), source);
      this.#unusable = undefined;
      journal.record({ event: 'policy', rule: source });
    } catch (error) {
      if (rules.isDefault) this.#unusable = error;
      journal.alarm(error);
    }
    if (this.#owner) await this.reauthorize();
  }

  async #applyAnonymous(): Promise<void> {
    const { keeper, rules } = this.#given;
    const { anonymous } = rules.policy;
    const [live] = this.#anonymous();
    if (live && anonymous === 'deny') return keeper.end(live, { why: 'the policy lets nobody in without a name' });
    if (live && live.terms.roles[0] !== anonymous) keeper.setRoles([live], [anonymous]);
    if (live || anonymous === 'deny' || !this.#owner?.curve) return;
    const server = await generateCurvePair();
    const terms = {
      identity: 'anonymous',
      roles: [anonymous],
      publicKey: server.publicKey,
      issuedAt: new Date().toISOString(),
      origin: 'anonymous',
    } as const;
    const connection = connectionFor(this.#owner, server, undefined);
    await keeper.open(terms, { server, connection }, { why: 'the policy lets in whoever comes' });
  }

  async #verifyAgain(grant: ClientGrant): Promise<void> {
    const { keeper, journal } = this.#given;
    for (const address of grant.peers.addresses) {
      if (await this.verify(grant, address)) continue;
      await keeper.cut(grant, 'the verifier denies').catch((error: unknown) => journal.alarm(error, grant.identity));
      return;
    }
  }

  #anonymous(): readonly ClientGrant[] {
    return [...this.#given.keeper.grants].filter(({ terms }) => terms.origin === 'anonymous');
  }

  async #serially(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    await done;
  }
}

const gone = (source: string): CurveKernelError =>
  new CurveKernelError('policy-invalid', `The policy ${source} is gone; the one before holds.`, {
    hint: 'Put it back, or write {} into it for the built-in roles only.',
  });
