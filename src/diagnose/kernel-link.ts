import type { ClientInfo } from '../access/grants/grant-info.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import type { SocketName } from '../protocol/message.js';

/** What a kernel does, as far as it says so. */
export type KernelState = 'busy' | 'idle';

/** A connection to a kernel that sends no message but questions about access, and those only to kernels that answer them. */
export interface KernelLink extends AsyncDisposable {
  /** The mechanism of each socket, as it reported it itself after its handshake. */
  readonly mechanisms: Readonly<Record<SocketName, 'curve' | 'null'>>;
  /** The last state of a cell that was published since the link was opened. */
  readonly state: KernelState | undefined;
  /** True if access has changed since {@link clients} was last asked. */
  readonly isStale: boolean;
  /** Asks for the grants and clients of a kernel that jupyter-curve serves. @throws CurveKernelError as `Access.clients` does. */
  clients(): Promise<readonly ClientInfo[]>;
}

/** Options of {@link OpenKernelLink}. */
export interface KernelLinkOptions {
  /** Subscribe to what the kernel publishes about cells and access. Otherwise nothing is received. */
  readonly follow: boolean;
  /** The kernel answers requests about access. */
  readonly isServed: boolean;
  /** Milliseconds for the handshakes, and for each reply. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Connects to a kernel with the keys of its connection file. @throws CurveKernelError `peer-…`; the reason of the signal. */
export type OpenKernelLink = (connection: ConnectionInfo, options: KernelLinkOptions) => Promise<KernelLink>;
