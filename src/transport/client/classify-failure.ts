import type { Event, EventType } from 'zeromq';
import type { ErrorCode } from '../../errors.js';

/** The security mechanism of the dialing side. */
export type Mechanism = 'curve' | 'null';

/**
 * The outcome of an attempt to connect, by a monitor event.
 *
 * - `up`: the handshake succeeded.
 * - an error code: decisive, every further attempt would end in the same way.
 * - `reset`: the peer ended the handshake without a message. That is what libzmq does with a handshake it cannot read, and what a
 *   kernel does that is just ending (see {@link classifyResets}).
 * - `down`: there is no listener, or the connection ended.
 */
export type Outcome = 'up' | 'down' | 'reset' | PeerFailure;

/** The errors about the answer of a peer. */
export type PeerFailure = Extract<ErrorCode, `peer-${string}`>;

/** Reads a monitor event of a connecting socket; undefined for events that decide nothing. */
export function classifyEvent(event: Event, mechanism: Mechanism): Outcome | undefined {
  // The handshake timed out: a silent peer has not ended the connection.
  if (event.type === 'handshake:error:other' && event.error.code === 'EAGAIN') return 'down';
  if (!isMechanismMismatch(event)) return OUTCOMES[event.type];
  return mechanism === 'curve' ? 'peer-plaintext' : 'peer-encrypted';
}

const OUTCOMES: Partial<Record<EventType, Outcome>> = {
  handshake: 'up',
  'handshake:error:auth': 'peer-refused',
  'handshake:error:protocol': 'reset',
  'handshake:error:other': 'reset',
  disconnect: 'down',
  close: 'down',
};

/**
 * The reason why a peer ends every handshake without a message, when its greeting names the mechanism `spoken`; undefined if unknown.
 */
export function classifyResets(mechanism: Mechanism, spoken: string | undefined): PeerFailure | undefined {
  if (spoken === 'CURVE') return mechanism === 'curve' ? 'peer-wrong-key' : 'peer-encrypted';
  return spoken === 'NULL' && mechanism === 'curve' ? 'peer-plaintext' : undefined;
}

/** Whether one side speaks CURVE and the other does not. */
export function isMechanismMismatch(event: Event): boolean {
  return event.type === 'handshake:error:protocol' && event.error.code === 'ERR_ZMTP_MECHANISM_MISMATCH';
}
