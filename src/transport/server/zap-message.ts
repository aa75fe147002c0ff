/**
 * Requests and replies of the ZeroMQ Authentication Protocol, as frames.
 *
 * @see {@link https://rfc.zeromq.org/spec/27/ | ZeroMQ RFC 27}
 */
import { encodeZ85 } from '../../keys/z85.js';

/** A ZAP request about a peer in its handshake. */
export interface ZapRequest {
  readonly domain: string;
  /** IP address for tcp; `localhost:uid:gid:pid` for ipc. */
  readonly address: string;
  /** The key that the peer has proved to hold, in Z85. Absent for other mechanisms than CURVE. */
  readonly publicKey?: string;
}

/** The frames that lead an answer back to the session that asked: routing id, empty delimiter, version, request id. */
export type ZapReturnPath = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

const VERSION = '1.0';
const KEY_BYTES = 32;
const EMPTY = Buffer.alloc(0);

/** Reads the frames of a request as a ROUTER receives them; undefined for anything that is not one. */
export function parseZapRequest(frames: readonly Buffer[]): { path: ZapReturnPath; request: ZapRequest } | undefined {
  const [routing, delimiter, version, id, domain, address, identity, mechanism, ...credentials] = frames;
  if (!routing || !delimiter || !version || !id || !domain || !address || !identity || !mechanism) return undefined;
  if (delimiter.length > 0 || version.toString('latin1') !== VERSION) return undefined;
  const path: ZapReturnPath = [routing, delimiter, version, id];
  const peer = { domain: domain.toString(), address: address.toString() };
  const [key] = credentials;
  if (mechanism.toString('latin1') !== 'CURVE' || credentials.length !== 1 || key?.length !== KEY_BYTES) {
    return { path, request: peer };
  }
  return { path, request: { ...peer, publicKey: encodeZ85(key) } };
}

/** The decision about a peer: the user id under which it is admitted, refused for good, or refused for now. */
export type ZapVerdict = { readonly userId: string } | 'refused' | 'busy';

/**
 * The reply: 200 and the user id; 400, after which a client does not try again; or 300, after which the client is told nothing, its
 * connection ends at the handshake limit, and it tries again.
 */
export function formatZapReply(path: ZapReturnPath, verdict: ZapVerdict): Uint8Array[] {
  const [status, text, userId] = typeof verdict === 'object' ? ['200', '', verdict.userId] : [...REFUSALS[verdict], ''];
  return [...path, Buffer.from(status), Buffer.from(text), Buffer.from(userId), EMPTY];
}

const REFUSALS = { refused: ['400', 'not admitted'], busy: ['300', 'too many connections'] } as const;
