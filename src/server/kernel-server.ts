import { basename } from 'node:path';
import type { GrantTerms } from '../access/grants/grant.js';
import { encodeAccessEvent, type AccessEvent } from '../access/requests/access-event.js';
import { ACCESS_EVENT } from '../access/requests/request-types.js';
import { KERNEL_GROUP } from '../access/policy/groups.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import type { Message } from '../protocol/message.js';
import type { ListenerEvent } from '../transport/server/listener-event.js';
import type { TransportContext } from '../transport/transport-context.js';
import type { Backend, CloseReason } from './backend.js';
import type { AccessOptions } from './rules/access-options.js';
import { AccessSources } from './rules/access-sources.js';
import { administrate } from './grants/admin-requests.js';
import { AuditWriter } from './audit/audit-writer.js';
import { GrantManager } from './grants/grant-manager.js';
import type { StoredGrant, StoredKernel } from './grants/grant-storage.js';
import { Grants } from './grants/grants.js';
import { Journal, type Alarm } from './audit/journal.js';
import { KernelAccess } from './grants/kernel-access.js';
import { WATCH_ACT } from '../access/policy/act.js';
import { MessageFilter } from './messages/message-filter.js';
import { Rules } from './rules/rules.js';
import { VerifiedRoles } from './rules/verified-roles.js';
import { AccessStore } from './state/access-store.js';
import { errorCode } from '../support/system-error.js';
import { definedOnly } from '../support/defined-only.js';

/** Options of {@link KernelServer}. */
export interface KernelServerOptions {
  readonly context: TransportContext;
  readonly origin: MessageOrigin;
  /** The kernel's connection file, if it has one: what is to outlive this process lies beside it. */
  readonly connectionFile: string | undefined;
  readonly access: AccessOptions;
  /** The backend behind the listeners. The first call says that clients can reach it. */
  readonly backend: () => Backend;
  readonly onEvent?: (event: ListenerEvent, identity: string) => void;
  /** Called with problems of access: a policy that cannot be used, an audit or a state that cannot be written. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** Serves one backend to many clients: a listener for each grant, the message filter, access rules, audit and stored state. */
export class KernelServer {
  /** Access control on behalf of the program. */
  readonly access: KernelAccess;
  readonly #options: KernelServerOptions;
  readonly #grants = new Grants();
  readonly #rules = new Rules();
  readonly #journal: Journal;
  readonly #messageFilter: MessageFilter;
  readonly #grantManager: GrantManager;
  readonly #sources: AccessSources;
  readonly #audit: AuditWriter | undefined;
  readonly #store: AccessStore;
  #owner: ConnectionInfo | undefined;

  constructor(options: KernelServerOptions) {
    const { context, origin, connectionFile, access, backend, onEvent, onAlarm } = options;
    const kernel = connectionFile === undefined ? origin.session : basename(connectionFile, '.json');
    const [grants, rules] = [this.#grants, this.#rules];
    const journal = (this.#journal = new Journal(kernel, onAlarm));
    this.#options = options;
    this.#audit = access.auditFile === undefined ? undefined : openAudit(access.auditFile, kernel, journal);
    const store = (this.#store = new AccessStore({ connectionFile, grants, rules, journal }));
    const { verify } = access;
    const verifiedRoles =
      verify === undefined ? undefined : new VerifiedRoles({ verify, grants, rules, journal, store });
    const messageFilter = (this.#messageFilter = new MessageFilter({
      origin,
      grants,
      rules,
      journal,
      backend,
      administrate: async (request, grant) => administrate(request, { grant, access: this.access, rules, journal }),
    }));
    const grantManager = (this.#grantManager = new GrantManager({
      grants,
      rules,
      journal,
      audit: this.#audit,
      store,
      backend,
      sockets: { context, messageFilter, journal, ...definedOnly({ verifiedRoles, onEvent }) },
    }));
    const sources = (this.#sources = new AccessSources({
      options: access,
      grantManager,
      rules,
      journal,
      verifiedRoles,
      connectionFile,
    }));
    this.access = new KernelAccess({
      grantManager,
      rules,
      journal,
      sources,
      store,
      owner: () => this.#owner,
    });
    journal.on((event) => this.#notifyWatchers(event));
  }

  /**
   * Opens the listener of the connection file, then those of stored grants and of authorized clients.
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
    const stored = server && (await this.#store.load(server.secretKey));
    if (server) await this.#sources.prepare(stored);
    const place = { connection, ...(server && { server }) };
    const owner = await this.#grantManager.open(terms, place, { why: 'connection file' });
    this.#owner = owner.listener?.connection ?? connection;
    if (server) await this.#begin(this.#owner, stored);
    return this.#owner;
  }

  /** Sends on iopub to every client that may see it. */
  publish(message: Message): void {
    this.#messageFilter.publish(message);
  }

  /** Closes every listener, giving what was sent so many milliseconds to leave; what is kept for a restart stays, else nothing does. */
  async close(reason: CloseReason, linger: number): Promise<void> {
    await this.#sources.close();
    if (reason === 'restart') await this.#store.save();
    const removeState = this.#store.stop();
    await this.#grantManager.close(linger);
    if (reason === 'shutdown') {
      await this.#sources.files.close();
      await removeState();
    }
    await this.#audit?.close();
  }

  async #begin(owner: ConnectionInfo, kernel: StoredKernel | 'lost' | undefined): Promise<void> {
    if (kernel === 'lost') this.#closeToOthers();
    const granted = kernel && kernel !== 'lost' ? kernel.grants.filter(({ terms }) => terms.origin === 'grant') : [];
    const reopen = async (grant: StoredGrant): Promise<void> =>
      this.#grantManager
        .reopen(grant, 'kept over the restart')
        .catch((error: unknown) => this.#journal.alarm(error, grant.terms.identity));
    await Promise.all(granted.map(reopen));
    await this.#sources.begin(owner, kernel);
    const { files } = this.#sources;
    await this.#store.begin(() => ({ settings: this.#sources.settings, clientFiles: files.paths }));
  }

  /** The revocations of an earlier process are lost, so nothing is given that they may have removed. */
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

  /** Tells watchers that still have the right to watch. */
  #notifyWatchers(event: AccessEvent): void {
    const { origin } = this.#options;
    for (const grant of this.#grants) {
      if (!grant.isWatching || grant.ended) continue;
      if (!this.#rules.decide(grant.subject, WATCH_ACT).allowed) continue;
      grant.listener?.publish(createMessage(origin, ACCESS_EVENT, encodeAccessEvent(event)));
    }
  }
}

/** Explicit access rules have no effect in plain text, where every client that reaches the kernel is its owner. */
function checkWithoutKeys({ verify, required = [] }: AccessOptions): void {
  if (verify === undefined && required.length === 0) return;
  throw new CurveKernelError('encryption-required', 'The connection has no keys, so access cannot be limited.', {
    hint: 'Start the kernel by a manager that issues keys, or without a policy, authorized clients and a verifier.',
  });
}

function openAudit(file: string, kernel: string, journal: Journal): AuditWriter {
  const alarm = (message: string, hint: string): void => journal.raise({ message, hint });
  const audit = new AuditWriter({
    file,
    kernel,
    onFailure: (error) =>
      alarm(`The audit cannot be written, so no new client is admitted: ${reasonOf(error)}`, hintOf(error)),
    onBroken: (movedTo) => alarm(`The audit was broken, and is kept as ${basename(movedTo)}.`, KEEP_HINT),
    onClockBack: (seconds) =>
      alarm(`The clock was set back by ${seconds} s; the audit goes on with the time of the last row.`, CLOCK_HINT),
    onLost: ({ seq, hash }) =>
      alarm(`The audit was removed, replaced or added to; it was whole up to ${seq}:${hash}.`, KEEP_HINT),
  });
  journal.on((event) => audit.take(event));
  return audit;
}

const CLOCK_HINT = 'Check the clock of this machine; rows have their real time again when it is past that of the last.';
const KEEP_HINT = 'Keep what is there, and find out which program changed it.';
const hintOf = (error: unknown): string =>
  isCurveKernelError(error) ? error.hint : 'Make room for it, or give the kernel another place for it with --audit.';

const reasonOf = (error: unknown): string => (isCurveKernelError(error) ? error.message : `${errorCode(error)}.`);
