import { basename } from 'node:path';
import type { Access } from '../access/access.js';
import type { GrantTerms } from '../access/grants/grant.js';
import { WATCH_ACT } from '../access/policy/act.js';
import { KERNEL_GROUP } from '../access/policy/groups.js';
import { encodeAccessEvent, type AccessEvent } from '../access/requests/access-event.js';
import { ACCESS_EVENT } from '../access/requests/request-types.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { CurveKernelError } from '../errors.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import { deferred } from '../support/deferred.js';
import { definedOnly } from '../support/defined-only.js';
import type { ListenerEvent } from '../transport/server/listener-event.js';
import { TransportContext } from '../transport/transport-context.js';
import { AuditWriter } from './audit/audit-writer.js';
import { Journal, type Alarm } from './audit/journal.js';
import type { Backend, CloseReason, OpenBackend } from './backend.js';
import { administrate } from './grants/admin-requests.js';
import { GrantManager } from './grants/grant-manager.js';
import type { StoredGrant, StoredKernel } from './grants/grant-storage.js';
import { Grants } from './grants/grants.js';
import { KernelAccess } from './grants/kernel-access.js';
import { MessageFilter } from './messages/message-filter.js';
import type { AccessOptions } from './rules/access-options.js';
import { AccessSources } from './rules/access-sources.js';
import { Rules } from './rules/rules.js';
import { VerifiedRoles } from './rules/verifier.js';
import type { ServerState } from './server-state.js';
import { AccessStore } from './state/access-store.js';

/** Options of {@link Kernel.open}. */
export interface KernelOptions {
  readonly connection: ConnectionInfo;
  /** The session and user name of the kernel's own messages. {@link serveBackend} takes a new session, and `kernel`. */
  readonly origin: MessageOrigin;
  readonly openBackend: OpenBackend;
  /** Requests are passed on by the backend as the bytes that came, see `DecodeOptions`. Default: false. */
  readonly keepBytes?: boolean;
  /** The sources of access rules. Default: grants are made only while the kernel runs. */
  readonly access?: AccessOptions;
  /** The file that the connection was read from. The state that a restart needs lies beside it. */
  readonly connectionFile?: string;
  /** Called with the events of each listener. Without it, few connections are monitored. */
  readonly onEvent?: (event: ListenerEvent, identity: string) => void;
  /** Called with problems of the access rules, the audit and the stored state. Must not throw. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** The end of a kernel. */
export interface KernelEnd {
  /** The client that ended it means to start it again. */
  readonly restart: boolean;
  /** The backend has ended by itself. */
  readonly died?: true;
}

/** Milliseconds in which the last messages may still reach their clients. */
const LINGER = 1_000;

/**
 * A backend behind listeners, one for each client that was granted access: requests go in by the listener they came on, what is
 * published goes out by all whose client may see it.
 */
export class Kernel {
  /** The access control of the kernel, on behalf of this program. */
  readonly access: Access;
  readonly #accessOptions: AccessOptions;
  readonly #context = new TransportContext();
  readonly #state: ServerState;
  readonly #backend: Backend;
  readonly #messageFilter: MessageFilter;
  readonly #grantManager: GrantManager;
  readonly #sources: AccessSources;
  readonly #closed = deferred<KernelEnd>();
  #connection: ConnectionInfo;
  #began = false;
  #closing = false;

  private constructor(options: KernelOptions) {
    const { connection, origin, openBackend, connectionFile, onEvent, onAlarm, keepBytes } = options;
    const { auditFile, verify } = (this.#accessOptions = options.access ?? {});
    this.#connection = connection;
    const name = connectionFile === undefined ? origin.session : basename(connectionFile, '.json');
    const [grants, rules, journal] = [new Grants(), new Rules(), new Journal(name, onAlarm)];
    const state = (this.#state = {
      origin,
      grants,
      rules,
      journal,
      audit: auditFile === undefined ? undefined : new AuditWriter(auditFile, name, (alarm) => journal.raise(alarm)),
      store: new AccessStore({ connectionFile, grants, rules, journal }),
      backend: () => this.#reachable(),
    });
    const verifiedRoles = verify === undefined ? undefined : new VerifiedRoles(state, verify);
    const messageFilter = (this.#messageFilter = new MessageFilter(state, async (request, grant) =>
      administrate(request, { grant, access, rules, journal }),
    ));
    const sockets = {
      context: this.#context,
      messageFilter,
      journal,
      isAlive: () => state.backend().isAlive?.() ?? true,
      ...definedOnly({ verifiedRoles, onEvent, keepBytes }),
    };
    const grantManager = (this.#grantManager = new GrantManager(state, sockets));
    const sources = (this.#sources = new AccessSources({
      ...state,
      options: this.#accessOptions,
      grantManager,
      verifiedRoles,
      connectionFile,
    }));
    const access = new KernelAccess({
      ...state,
      grantManager,
      sources,
      owner: () => this.#connection,
      isRunning: (identity) => this.#backend.isRunning(identity),
    });
    this.access = access;
    journal.on((event) => state.audit?.take(event));
    journal.on((event) => this.#notifyWatchers(event));
    this.#backend = openBackend({
      publish: (message) => messageFilter.publish(message),
      get pressure() {
        return messageFilter.pressure;
      },
      end: (reason) => void this.close(reason),
    });
  }

  /**
   * Opens the listener of the connection file, then those of stored grants and of authorized clients. Resolves when the sockets are bound,
   * and have refused a stranger and a plaintext peer under CURVE.
   *
   * @throws CurveKernelError as {@link openListener} does; 'policy-invalid' for a verifier that cannot be used, and a policy that is required
   * and missing; 'encryption-required' where files are required or a verifier is given, and there are no keys; the backend is closed then
   */
  static async open(options: KernelOptions): Promise<Kernel> {
    const kernel = new Kernel(options);
    try {
      await kernel.#open();
      kernel.#reachable();
      return kernel;
    } catch (error) {
      await kernel.close();
      throw error;
    }
  }

  /** Resolves when everything that the kernel opened is closed, whatever ended it. Never rejects. */
  get closed(): Promise<KernelEnd> {
    return this.#closed.promise;
  }

  /** The connection of its owner, with the real ports. */
  get connection(): ConnectionInfo {
    return this.#connection;
  }

  /** Stops the code that runs, as the SIGINT of a terminal does. */
  interrupt(): void {
    this.#backend.interrupt();
  }

  /** Ends the backend, lets the last messages go, closes the sockets. Resolves within seconds, and never rejects. */
  async close(reason: CloseReason = 'shutdown'): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      await this.#backend.close(reason);
      this.#messageFilter.flush();
      await this.#closeListeners(reason);
      await this.#context.close();
      this.#closed.resolve({ restart: reason === 'restart', ...(reason === 'died' && { died: true }) });
    }
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The backend, which has begun: a client can reach it. */
  #reachable(): Backend {
    if (!this.#began) {
      this.#began = true;
      this.#backend.begin();
    }
    return this.#backend;
  }

  async #open(): Promise<void> {
    const connection = this.#connection;
    const { curve } = connection;
    const server = curve?.secretKey && { publicKey: curve.publicKey, secretKey: curve.secretKey };
    const terms: GrantTerms = {
      identity: 'owner',
      roles: ['owner'],
      publicKey: curve?.clientPublicKey ?? curve?.publicKey ?? '',
      issuedAt: new Date().toISOString(),
      origin: 'owner',
    };
    if (!server) checkWithoutKeys(this.#accessOptions);
    const stored = server && (await this.#state.store.load(server.secretKey));
    if (server) await this.#sources.prepare(stored);
    const place = { connection, ...(server && { server }) };
    const owner = await this.#grantManager.open(terms, place, { why: 'connection file' });
    this.#connection = owner.listener?.connection ?? connection;
    if (server) await this.#begin(stored);
  }

  async #begin(kernel: StoredKernel | 'lost' | undefined): Promise<void> {
    if (kernel === 'lost') this.#closeToOthers();
    const granted = kernel && kernel !== 'lost' ? kernel.grants.filter(({ terms }) => terms.origin === 'grant') : [];
    const reopen = async (grant: StoredGrant): Promise<void> =>
      this.#grantManager
        .reopen(grant, 'kept over the restart')
        .catch((error: unknown) => this.#state.journal.alarm(error, grant.terms.identity));
    await Promise.all(granted.map(reopen));
    await this.#sources.begin(this.#connection, kernel);
    const { files } = this.#sources;
    await this.#state.store.begin(() => ({ settings: this.#sources.settings, clientFiles: files.paths }));
  }

  /** What is kept for a restart stays, else nothing does. */
  async #closeListeners(reason: CloseReason): Promise<void> {
    const { store, audit } = this.#state;
    await this.#sources.close();
    if (reason !== 'shutdown') await store.save();
    const removeState = store.stop();
    await this.#grantManager.close(LINGER);
    if (reason === 'shutdown') {
      await this.#sources.files.close();
      await removeState();
    }
    await audit?.close();
  }

  /** The revocations of an earlier process are lost, so nothing is given that they may have removed. */
  #closeToOthers(): void {
    this.#state.rules.setTopic(KERNEL_GROUP, true);
    this.#state.journal.alarm(
      new CurveKernelError(
        'state-unsaved',
        'The kernel could not save access before it was restarted: grants are gone, its owner alone has access, and its output is private.',
        { hint: `Run \`jupyter-curve public ${KERNEL_GROUP}\` to show output again, and grant access anew.` },
      ),
    );
  }

  /** Tells watchers that still have the right to watch. */
  #notifyWatchers(event: AccessEvent): void {
    const { origin, grants, rules } = this.#state;
    for (const grant of grants) {
      if (!grant.isWatching || grant.ended) continue;
      if (!rules.decide(grant.subject, WATCH_ACT).allowed) continue;
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
