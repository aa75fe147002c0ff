import type { ConnectionInfo } from '../connection/connection-info.js';
import type { CurveKernelError } from '../errors.js';
import type { ClientInfo, GrantInfo } from './grants/grant-info.js';
import type { AccessDecision } from './policy/decide.js';
import type { AccessEvent } from './requests/access-event.js';

/** The terms of a new grant. */
export interface GrantRequest {
  /** The identity: 1 to 64 letters, digits, `.`, `_`, `@` and `-`. */
  readonly name: string;
  /** Names of roles that the policy has; at least one. */
  readonly roles: readonly string[];
  /** Public key of the client, in Z85: only the client then holds the secret. Default: the kernel makes a pair, and returns it. */
  readonly publicKey?: string;
  /** Milliseconds until the grant ends; a request to a kernel rounds up to seconds. Default: until the kernel ends. */
  readonly expiresIn?: number;
  /** Addresses and blocks (`10.0.0.0/8`, `local` for ipc) from which it may be used. Default: any. */
  readonly from?: readonly string[];
}

/** A selection of grants: those that match every given field. One of `name`, `key`, `id` and `allBefore` is required. */
export interface RevokeFilter {
  readonly name?: string;
  /** A public key in Z85, or its fingerprint. */
  readonly key?: string;
  readonly id?: string;
  /** Grants issued before this time. Given alone, it does not select the grant of the connection file. */
  readonly allBefore?: Date;
  /** Lets a running cell of the identity finish, instead of interrupting it. Default: false. */
  readonly letFinish?: boolean;
}

/** Options of {@link Access.rotate}. */
export interface RotateOptions {
  /** Milliseconds for which the older grants remain valid; a request to a kernel rounds up to seconds. Default: 30,000. */
  readonly overlap?: number;
  /** The client's new public key, in Z85. Default: the kernel makes a pair. */
  readonly publicKey?: string;
}

/** A new grant with its connection. */
export interface IssuedGrant {
  readonly grant: GrantInfo;
  /**
   * With {@link GrantRequest.publicKey}: no secret in it. Without: it holds a pair made for this grant, and every holder of the connection can
   * use the grant.
   */
  readonly connection: ConnectionInfo;
}

/** The access control of a running kernel: `kernel.access` in the kernel's own process, `openAccess` by its connection file. */
export interface Access {
  /**
   * The reason why the last change is not saved for a restart of the kernel; undefined when it is saved. A 'state-unsaved' whose
   * `data.restart` says what a restart does: `'forgotten'` (loses the last grants), `'owners-only'` (loses all grants) or `'undone'` (undoes
   * the changes, also revocations). The change itself is in force in any case.
   */
  readonly unsaved: CurveKernelError | undefined;
  /**
   * Opens sockets for a new client.
   *
   * @throws CurveKernelError 'grant-failed' in plain text, for terms that cannot be granted, and while the audit cannot be written;
   * 'identity-invalid', 'key-invalid'; 'not-permitted' for roles that the caller may not give; as `openListener` does
   */
  grant(request: GrantRequest): Promise<IssuedGrant>;
  /**
   * Ends grants, and resolves with them when their sockets are closed: their queued requests are dropped, their running cell is interrupted.
   *
   * @throws CurveKernelError 'identity-unknown' when no grant matches; 'last-owner'; 'not-permitted'; 'usage' for a filter without a field
   */
  revoke(filter: RevokeFilter): Promise<readonly GrantInfo[]>;
  /**
   * Gives an identity a new key, with the narrowest limits of its grants. These, but for that of the connection file, end after the
   * overlap; the identity's requests go on.
   *
   * @throws CurveKernelError 'identity-unknown'; 'grant-failed' where there is only the connection file, and for grants that are limited to
   * different addresses; as {@link Access.grant} does
   */
  rotate(name: string, options?: RotateOptions): Promise<IssuedGrant>;
  /**
   * Gives an identity other roles, from its next message on.
   *
   * @throws CurveKernelError 'identity-unknown', 'grant-failed', 'last-owner', 'not-permitted'
   */
  setRoles(name: string, roles: readonly string[]): Promise<void>;
  /**
   * Makes a topic private (only roles that name it may read it) or public, and resolves with the private topics in alphabetical order. A
   * topic is a group of outputs, `comm:TARGET`, or `kernel` for everything.
   *
   * @throws CurveKernelError 'usage' for a name that no topic can have; 'not-permitted'
   */
  setTopic(topic: string, visibility: Visibility): Promise<readonly string[]>;
  /** The private topics, in alphabetical order. @throws CurveKernelError 'not-permitted' */
  privateTopics(): Promise<readonly string[]>;
  /** Every grant, with the clients that are connected by it. @throws CurveKernelError 'not-permitted' */
  clients(): Promise<readonly ClientInfo[]>;
  /**
   * Decides whether `name` may do `act`: `[see ][channel.]msg_type[ own][ comm=TARGET][ groups=A,B]`, such as `execute_request`,
   * `shell.execute_request own` and `iopub.stream groups=salaries`; or `comm TARGET`.
   *
   * @throws CurveKernelError 'identity-unknown'; 'usage' for an act that cannot be parsed; 'not-permitted'
   */
  can(name: string, act: string): Promise<AccessDecision>;
  /**
   * Reads the policy and `authorized_clients` again now, and checks the right of every client. Resolves with the names of the roles.
   *
   * @throws CurveKernelError 'not-permitted'
   */
  reloadPolicy(): Promise<readonly string[]>;
  /** Calls `onEvent` with every event from now on. Resolves with a function that ends it. @throws CurveKernelError 'not-permitted' */
  watch(onEvent: (event: AccessEvent) => void): Promise<() => Promise<void>>;
}

/** `public`: all clients may read a topic; `private`: only roles that name it. */
export type Visibility = 'private' | 'public';
