import type { Secret } from '../keys/secret.js';
import type { Json } from '../protocol/message.js';

/** The transport of the five sockets. */
export type Transport = 'tcp' | 'ipc';

/** One number for each socket: a tcp port, or the suffix of an ipc path. 0: not chosen yet. */
export interface Ports {
  readonly shell: number;
  readonly iopub: number;
  readonly stdin: number;
  readonly control: number;
  readonly heartbeat: number;
}

/** The Curve keys of a connection file (JEP 145, and the own-key grants of this package). */
export interface CurveInfo {
  /** The kernel's public key, in Z85. */
  readonly publicKey: string;
  /** The kernel's secret key: the shared pair of the file, or by {@link SECRET_VARIABLE}. */
  readonly secretKey?: Secret;
  /** The one client key that is admitted, in Z85. Its owner alone holds the secret, so the file carries none. */
  readonly clientPublicKey?: string;
}

/** The content of a connection file. */
export interface ConnectionInfo {
  readonly transport: Transport;
  /** Host name or address for tcp, the prefix of the socket paths for ipc. */
  readonly ip: string;
  readonly ports: Ports;
  /** The key of the message signatures; empty: they are disabled. */
  readonly key: Secret;
  /** For example `hmac-sha256`. */
  readonly signatureScheme: string;
  readonly kernelName?: string;
  /** Absent: plain text. */
  readonly curve?: CurveInfo;
  /** Fields of the file that are not ours, kept when it is written. */
  readonly extra: Readonly<Record<string, Json>>;
}

/** The environment variable in which a kernel may be given the secret key that its connection file leaves out. */
export const SECRET_VARIABLE = 'JUPYTER_CURVE_SECRETKEY';
