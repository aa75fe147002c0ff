import type { Socket } from 'zeromq';
import type { CurvePair } from '../keys/curve-pair.js';

/** The keys of a connecting socket. */
export interface ClientKeys {
  /** Its own pair. */
  readonly client: CurvePair;
  /** The public key that the other side must hold the secret of. */
  readonly serverKey: string;
}

/**
 * Makes `socket` a CURVE server that admits the peers that the rule of `domain` admits. Before `bind`: libzmq ignores the options for
 * an endpoint that is bound already, and would let plain text in there.
 *
 * Domain and enforcement belong together. With either one alone libzmq admits every key when no handler answers, or does not
 * even ask (ZeroMQ RFC 27; measured for libzmq 4.3.5).
 */
export function serveCurve(socket: Socket, server: CurvePair, domain: string): void {
  if (domain === '') throw new TypeError('A ZAP domain must not be empty.');
  setSecretKey(socket, server);
  socket.curvePublicKey = server.publicKey;
  socket.curveServer = true;
  socket.zapDomain = domain;
  socket.zapEnforceDomain = true;
}

/** Makes `socket` a CURVE client. Before `connect`. */
export function dialCurve(socket: Socket, keys: ClientKeys): void {
  setSecretKey(socket, keys.client);
  socket.curvePublicKey = keys.client.publicKey;
  socket.curveServerKey = keys.serverKey;
}

// libzmq takes the 32 raw bytes as well as Z85, so the secret need not become a string, which cannot be wiped.
const setSecretKey = (socket: Socket, pair: CurvePair): void =>
  pair.secretKey.expose((bytes) => void Object.assign(socket, { curveSecretKey: bytes }));
