/** The public facts of a grant. Times are ISO 8601 in UTC. */
export interface GrantInfo {
  readonly id: string;
  /** The identity. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Fingerprint of the key that is admitted; empty in plain text. */
  readonly fingerprint: string;
  /** The cause of the grant: `connection-file`, `grant`, `authorized-clients` or `anonymous`. */
  readonly origin: string;
  readonly issuedAt: string;
  /** Default: with the kernel. */
  readonly expiresAt?: string;
  /** Addresses and blocks from which it may be used. Default: any. */
  readonly from?: readonly string[];
}

/** A grant with the clients that use it. */
export interface ClientInfo extends GrantInfo {
  readonly connected: readonly Peer[];
  readonly lastRequest?: { readonly at: string; readonly type: string };
  /** True while code of the identity runs. Absent in the replies of earlier versions. */
  readonly isRunning?: boolean;
}

/** A connected client. */
export interface Peer {
  /** As ZAP (ZeroMQ RFC 27) names it: an IP address for tcp, `localhost:uid:gid:pid` for ipc. */
  readonly address: string;
  /** ISO 8601. */
  readonly since: string;
  /** Number of its connections seen so far; a stock client has five. */
  readonly sockets: number;
}
