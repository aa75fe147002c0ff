import type { Policy } from '../../access/policy/policy.js';
import { MAX_REAUTH_INTERVAL } from '../../access/grants/duration.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { AccessOptions } from './access-options.js';
import { ClientFiles } from '../grants/client-files.js';
import { FollowedGrants } from '../grants/followed-grants.js';
import type { GrantManager } from '../grants/grant-manager.js';
import type { StoredKernel, StoredSettings } from '../grants/grant-storage.js';
import { PolicySource } from './policy-source.js';
import type { ServerState } from '../server-state.js';
import type { VerifiedRoles } from './verifier.js';
import { WatchedFile, type FileState } from './watched-file.js';

/** Dependencies of {@link AccessSources}. */
export interface AccessSourcesOptions extends Pick<ServerState, 'rules' | 'journal' | 'store'> {
  readonly options: AccessOptions;
  readonly grantManager: GrantManager;
  readonly verifiedRoles: VerifiedRoles | undefined;
  /** Beside which clients' connection files are written. */
  readonly connectionFile: string | undefined;
}

const REAUTH_INTERVAL = 30_000;

/** The sources of access outside of the kernel: the policy, `authorized_clients`, a verifier. They are checked again and again. */
export class AccessSources {
  readonly files: ClientFiles;
  readonly #given: AccessSourcesOptions;
  #policy: PolicySource | undefined;
  #clientsFile: WatchedFile | undefined;
  #followed: FollowedGrants | undefined;
  /** The policy under which the grant for clients without a name was revoked. */
  #revokedUnder: Policy | undefined;
  #work = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds between two runs of the timer. */
  #interval: number | undefined;
  #closed = false;

  constructor(given: AccessSourcesOptions) {
    this.#given = given;
    this.files = new ClientFiles(given.connectionFile, given.journal);
  }

  /**
   * Loads the verifier and reads the policy, after the stored rules of an earlier process, before any client can connect. Where those are
   * lost and a required policy is missing, only the owner has access.
   *
   * @throws CurveKernelError 'policy-invalid' for a verifier that cannot be used, and as {@link PolicySource.open} does
   */
  async prepare(former: StoredKernel | 'lost' | undefined): Promise<void> {
    const { options, rules, journal, verifiedRoles } = this.#given;
    const { policyFile: file, required } = options;
    await verifiedRoles?.load();
    if (file !== undefined) {
      const isRequired = required?.includes('policyFile') ?? false;
      const onChange = async (): Promise<void> => (this.#followed ? this.reauthorize() : undefined);
      this.#policy = new PolicySource({ file, isRequired, rules, journal, onChange });
    }
    if (former === 'lost') {
      if (required?.includes('policyFile')) await this.#policy?.restore('none');
    } else if (former) {
      await this.#policy?.restore(former.rules.policy);
      for (const topic of former.rules.topics) rules.setTopic(...topic);
      if (former.anonymousRevoked) this.#revokedUnder = rules.policy;
    }
    await this.#policy?.open(former === undefined);
    if (former === 'lost') this.#revokedUnder = rules.policy;
  }

  /** The settings to store for a restart. */
  get settings(): StoredSettings {
    return {
      rules: this.#given.rules.stored,
      lines: this.#followed?.lines ?? [],
      anonymousRevoked: this.#followed?.anonymousRevoked ?? false,
    };
  }

  /**
   * Opens the grants of authorized clients, at the addresses that they had before, but for revoked ones; from here on until
   * {@link close}, the sources are read again whenever they change. Where the stored state is lost, each grant may have been revoked.
   */
  async begin(owner: ConnectionInfo, known: StoredKernel | 'lost' | undefined): Promise<void> {
    const { options, grantManager, rules, journal } = this.#given;
    const { authorizedClients: file } = options;
    const { lines = [], grants: former = [] } = known === 'lost' ? {} : (known ?? {});
    const revokedUnder = this.#revokedUnder;
    const followed = new FollowedGrants({ grantManager, rules, journal, owner, lines, former, revokedUnder });
    if (file !== undefined) {
      const onChange = async (state: FileState): Promise<void> => {
        followed.read(file, state);
        await this.reauthorize();
      };
      this.#clientsFile = new WatchedFile({ file, kind: 'authorized-clients', onChange });
      followed.read(file, await this.#clientsFile.open());
      if (known === 'lost') followed.passOver();
    }
    // Not before the lines are known: lines that were revoked would count as gone, and be followed again.
    this.#followed = followed;
    await this.reauthorize();
  }

  /** Reads the files again now. */
  async reload(): Promise<void> {
    await this.#policy?.check();
    await this.#clientsFile?.check();
    await this.reauthorize();
  }

  /** Checks the right of every client again. Never rejects. */
  async reauthorize(): Promise<void> {
    const { grantManager, journal, store, verifiedRoles } = this.#given;
    this.#schedule();
    await this.#serially(async () => {
      await grantManager.endPast();
      await this.#followed?.apply();
      await this.files.update(this.#followed?.grants ?? []);
      await store.save();
      await verifiedRoles?.verifyAgain(async (grant, why) => grantManager.cut(grant, why));
    }).catch((error: unknown) => journal.alarm(error));
  }

  /** Ends all checks. Resolves when the current one is done. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#policy?.close();
    this.#clientsFile?.close();
    await this.#work;
  }

  /** The policy may have come to say another interval. */
  #schedule(): void {
    const { options, rules } = this.#given;
    const wanted = options.reauthInterval ?? rules.policy.reauthInterval ?? REAUTH_INTERVAL;
    const interval = Math.min(wanted, MAX_REAUTH_INTERVAL);
    if (this.#closed || this.#interval === interval) return;
    this.#interval = interval;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.reauthorize(), interval).unref();
  }

  async #serially(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    await done;
  }
}
