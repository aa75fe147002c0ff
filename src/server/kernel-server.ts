import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { GrantTerms } from '../access/grants/grant.js';
import { KERNEL_GROUP } from '../access/policy/groups.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import type { Secret } from '../keys/secret.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import type { Message } from '../protocol/message.js';
import type { ListenerEvent } from '../transport/server/listener-event.js';
import type { TransportContext } from '../transport/transport-context.js';
import type { Backend, CloseReason } from './backend.js';
import type { AccessOptions } from './rules/access-options.js';
import { AccessSources } from './rules/access-sources.js';
import { administrate } from './grants/admin-requests.js';
import { AuditWriter } from './audit/audit-writer.js';
import { GrantKeeper } from './grants/grant-manager.js';
import {
  recallKernel,
  rememberKernel,
  type FormerGrant,
  type FormerKernel,
  type WrittenGrants,
} from './grants/grant-memory.js';
import { Grants } from './grants/grants.js';
import { Journal, type AccessEvent, type Alarm } from './audit/journal.js';
import { KernelAccess } from './grants/kernel-access.js';
import { ACCESS_EVENT, WATCH_ACT } from './messages/message-acts.js';
import { Reception } from './messages/message-filter.js';
import { Rules } from './rules/rules.js';
import { createStateFile, type StateFile } from './state/state-file.js';
import { sweepStates } from './state/sweep-states.js';
import { errorCode } from '../support/system-error.js';

/** What {@link Sharing} works with. */
export interface SharingOptions {
  readonly context: TransportContext;
  readonly origin: MessageOrigin;
  /** The kernel's connection file, if it has one: what is to outlive this process lies beside it. */
  readonly connectionFile: string | undefined;
  readonly access: AccessOptions;
  /** What stands behind the listeners, and can be reached from now on. */
  readonly backend: () => Backend;
  readonly onEvent?: (event: ListenerEvent, identity: string) => void;
  /** What is wrong with access: a policy that cannot be used, an audit or a state that cannot be written. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** What an earlier process of the kernel left; `'lost'`: it could not save what it had taken away. */
interface Former {
  readonly state: StateFile;
  readonly clientFiles: readonly string[];
  readonly kernel?: FormerKernel | 'lost';
}

/** Whom a kernel is shared with: its listeners, and all that decides about them. */
export class Sharing {
  /** For whoever changes it. */
  readonly access: KernelAccess;
  readonly #options: SharingOptions;
  readonly #grants = new Grants();
  readonly #rules = new Rules();
  readonly #journal: Journal;
  readonly #reception: Reception;
  readonly #keeper: GrantKeeper;
  readonly #sources: AccessSources;
  readonly #audit: AuditWriter | undefined;
  readonly #written: WrittenGrants = new WeakMap();
  #state: StateFile | undefined;
  #isKept = false;
  #unsaved: CurveKernelError | undefined;
  #owner: ConnectionInfo | undefined;

  constructor(options: SharingOptions) {
    const { context, origin, connectionFile, access, backend, onEvent, onAlarm } = options;
    const kernel = connectionFile === undefined ? origin.session : basename(connectionFile, '.json');
    const [grants, rules] = [this.#grants, this.#rules];
    const journal = (this.#journal = new Journal(kernel, onAlarm));
    this.#options = options;
    this.#audit = access.auditFile === undefined ? undefined : openAudit(access.auditFile, kernel, journal);
    const reception = (this.#reception = new Reception({
      origin,
      grants,
      rules,
      journal,
      backend,
      administrate: async (request, grant) => administrate(request, { grant, access: this.access, rules, journal }),
    }));
    const keeper = (this.#keeper = new GrantKeeper({
      grants,
      journal,
      backend,
      sockets: {
        context,
        reception,
        journal,
        ...(access.verify !== undefined && { verify: async (...knock) => this.#sources.verify(...knock) }),
        ...(onEvent && { onEvent }),
      },
      checkReady: () => this.#sources.checkUsable(),
      recorded: async () => this.#audit?.written(),
      onChange: async () => this.#save(),
    }));
    const sources = (this.#sources = new AccessSources({ options: access, keeper, rules, journal, connectionFile }));
    this.access = new KernelAccess({
      keeper,
      rules,
      journal,
      sources,
      owner: () => this.#owner,
      onChange: () => void this.#save(),
      unsaved: () => this.#unsaved,
    });
    journal.on((event) => this.#tellWatchers(event));
  }

  /**
   * Opens the listener of the connection file, then those of whoever was granted access before, or is authorized.
   *
   * @throws CurveKernelError as `openListener` does; 'policy-invalid' for a verifier that cannot be used, and a policy that is required
   * and missing; 'encryption-required' where files are required or a verifier is given, and there are no keys
   */
  async open(connection: ConnectionInfo): Promise<ConnectionInfo> {
    const { curve } = connection;
    const server = curve?.secretKey && { publicKey: curve.publicKey, secretKey: curve.secretKey };
    const terms: GrantTerms = {
      identity: 'owner',
      roles: ['owner'],
      publicKey: curve?.clientPublicKey ?? curve?.publicKey ?? '',
      issuedAt: new Date().toISOString(),
      origin: 'owner',
    };
    if (!server) checkWithoutKeys(this.#options.access);
    const former = server && (await this.#recall(server.secretKey));
    if (server) await this.#sources.prepare(former?.kernel);
    const place = { connection, ...(server && { server }) };
    const owner = await this.#keeper.open(terms, place, { why: 'connection file' });
    this.#owner = owner.listener?.connection ?? connection;
    if (server) await this.#begin(this.#owner, former);
    return this.#owner;
  }

  /** Sends on iopub to everybody who may see it. */
  publish(message: Message): void {
    this.#reception.publish(message);
  }

  /** Closes every listener, giving what was sent so many milliseconds to leave; what is kept for a restart stays, else nothing does. */
  async close(reason: CloseReason, linger: number): Promise<void> {
    await this.#sources.close();
    if (reason === 'restart') await this.#save();
    const state = this.#state;
    this.#state = undefined;
    await this.#keeper.close(linger);
    if (reason === 'shutdown') {
      await this.#sources.files.close();
      await state?.remove();
    }
    await this.#audit?.close();
  }

  /** What an earlier process of this kernel left, beside its connection file. */
  async #recall(secretKey: Secret): Promise<Former | undefined> {
    const { connectionFile } = this.#options;
    if (connectionFile === undefined) return undefined;
    const state = createStateFile(connectionFile, secretKey);
    const kept = await state.read();
    if (kept === 'none') return { state, clientFiles: [] };
    if (kept === 'lost') return { state, clientFiles: [], kernel: 'lost' };
    const { clientFiles } = kept;
    return { state, clientFiles, kernel: await recallKernel(kept.state).catch(() => 'lost' as const) };
  }

  async #begin(owner: ConnectionInfo, former: Former | undefined): Promise<void> {
    const { connectionFile } = this.#options;
    const kernel = former?.kernel;
    if (kernel === 'lost') this.#closeToOthers();
    const granted = kernel && kernel !== 'lost' ? kernel.grants.filter(({ terms }) => terms.origin === 'grant') : [];
    const reopen = async (grant: FormerGrant): Promise<void> =>
      this.#keeper
        .reopen(grant, 'kept over the restart')
        .catch((error: unknown) => this.#journal.alarm(error, grant.terms.identity));
    await Promise.all(granted.map(reopen));
    await this.#sources.begin(owner, kernel);
    if (former === undefined || connectionFile === undefined) return;
    // Not before: half of it must not replace the whole.
    this.#state = former.state;
    this.#isKept = kernel !== undefined;
    await this.#save();
    const { paths } = this.#sources.files;
    const gone = former.clientFiles.filter((file) => !paths.includes(file));
    for (const file of gone) await rm(file, { force: true }).catch((error: unknown) => this.#journal.alarm(error));
    await sweepStates(dirname(connectionFile));
  }

  /** What an earlier process had taken away is not known, so nothing is given that it may have been. */
  #closeToOthers(): void {
    this.#rules.setTopic(KERNEL_GROUP, true);
    this.#journal.alarm(
      new CurveKernelError(
        'state-unsaved',
        'The kernel could not save access before it was restarted: grants are gone, its owner alone has access, and its output is private.',
        { hint: `Run \`jupyter-curve public ${KERNEL_GROUP}\` to show output again, and grant access anew.` },
      ),
    );
  }

  /** Whoever may not see it any more hears nothing. */
  #tellWatchers({ channels, ...event }: AccessEvent): void {
    const { origin } = this.#options;
    for (const grant of this.#grants) {
      if (!grant.isWatching || grant.ended) continue;
      if (!this.#rules.decide(grant.subject, WATCH_ACT).allowed) continue;
      grant.listener?.publish(
        createMessage(origin, ACCESS_EVENT, { ...event, ...(channels && { channels: [...channels] }) }),
      );
    }
  }

  async #save(): Promise<void> {
    const state = this.#state;
    // Most kernels are shared with nobody.
    this.#isKept ||= this.#grants.size > 1 || !this.#rules.isDefault || this.#rules.kept.topics.length > 0;
    if (!state || !this.#isKept) return;
    await state
      .save(
        () => rememberKernel(this.#sources.memory, this.#grants, this.#written),
        () => this.#sources.files.paths,
      )
      .then(
        () => (this.#unsaved = undefined),
        (error: unknown) => this.#noteUnsaved(error),
      );
  }

  /** It is tried again with every change, and whenever rights are looked at; it is said once. */
  #noteUnsaved(error: unknown): void {
    const unsaved = isCurveKernelError(error, 'state-unsaved') ? error : unforeseen(error);
    if (unsaved.message !== this.#unsaved?.message) this.#journal.alarm(unsaved);
    this.#unsaved = unsaved;
  }
}

/** Rules that somebody asked for mean nothing to a kernel in plain text, which everybody who reaches it owns. */
function checkWithoutKeys({ verify, required = [] }: AccessOptions): void {
  if (verify === undefined && required.length === 0) return;
  throw new CurveKernelError('encryption-required', 'The connection has no keys, so nobody’s access can be limited.', {
    hint: 'Start the kernel by a manager that issues keys, or without a policy, authorized clients and a verifier.',
  });
}

function openAudit(file: string, kernel: string, journal: Journal): AuditWriter {
  const alarm = (message: string, hint: string): void => journal.raise({ message, hint });
  const audit = new AuditWriter({
    file,
    kernel,
    onFailure: (error) =>
      alarm(`the audit cannot be written, so no one new is let in: ${reasonOf(error)}`, hintOf(error)),
    onBroken: (movedTo) => alarm(`the audit was broken, and is kept as ${basename(movedTo)}`, KEEP_HINT),
    onClockBack: (seconds) =>
      alarm(`the clock was set back by ${seconds} s; the audit goes on with the time of the last row`, CLOCK_HINT),
    onLost: ({ seq, hash }) =>
      alarm(`the audit was removed, replaced or added to; it was whole up to ${seq}:${hash}`, KEEP_HINT),
  });
  journal.on((event) => audit.take(event));
  return audit;
}

const CLOCK_HINT = 'Check the clock of this machine; rows have their real time again when it is past that of the last.';
const KEEP_HINT = 'Keep what is there, and find out which program changed it.';
const hintOf = (error: unknown): string =>
  isCurveKernelError(error) ? error.hint : 'Make room for it, or give the kernel another place for it with --audit.';

const unforeseen = (cause: unknown): CurveKernelError =>
  new CurveKernelError('state-unsaved', 'Access cannot be saved: a restart of the kernel may undo what was changed.', {
    hint: 'Shut the kernel down instead of restarting it; that ends all grants.',
    cause,
    data: { restart: 'undone' },
  });

const reasonOf = (error: unknown): string => (isCurveKernelError(error) ? error.message : errorCode(error));
