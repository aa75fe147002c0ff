import { Dealer, Subscriber, type Context, type Event, type EventType } from 'zeromq';
import { dialable, isIPv6Endpoint } from '../../connection/endpoints.js';
import { type CurvePair, generateCurvePairSync } from '../../keys/curve-pair.js';
import type { SocketName } from '../../protocol/message.js';
import { dialCurve } from '../curve-options.js';
import { isMechanismMismatch } from './classify-failure.js';
import { sharedContext } from '../transport-context.js';
import { watchSocket } from '../watch-socket.js';
import { onAbort } from '../../support/abort.js';
import { startTimer } from '../../support/timers.js';
import { uninterrupted } from '../../support/system-error.js';

/** The mechanism and keys of a probe. Without `client`: a stranger with a throw-away pair. */
export type ProbeAs =
  | { readonly mechanism: 'null' }
  | { readonly mechanism: 'curve'; readonly serverKey: string; readonly client?: CurvePair };

/**
 * The result of a probe: `admitted`: the handshake succeeded; `mechanism-mismatch`: the peer speaks CURVE and the probe does not, or
 * the other way round; `refused`: the peer ended the connection, by ZAP or because it could not read the handshake (wrong
 * server key); `silent`: there is no listener, or no answer in time.
 */
export type ProbeResult = 'admitted' | 'refused' | 'mechanism-mismatch' | 'silent';

/** Options of a probe. */
export interface ProbeOptions {
  /** Milliseconds. Default: 2,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects once to `endpoint`, the address of a kernel's `socket`, and tells whether the handshake succeeds (ZMTP 3.1). Sends no
 * message, leaves nothing behind. `refused` and `mechanism-mismatch` both prove that this peer gets nothing; `silent` proves
 * nothing. Rejects with the reason of `signal`.
 */
export async function probe(
  endpoint: string,
  as: ProbeAs,
  socket: SocketName,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  return await probeIn(sharedContext(), endpoint, as, socket, options);
}

/** {@link probe} in a given ZeroMQ context. */
export async function probeIn(
  context: Context,
  endpoint: string,
  as: ProbeAs,
  name: SocketName,
  { timeout = 2_000, signal }: ProbeOptions,
): Promise<ProbeResult> {
  signal?.throwIfAborted();
  const options = { context, linger: 0, reconnectInterval: -1, ipv6: isIPv6Endpoint(endpoint) };
  const socket = name === 'iopub' ? new Subscriber(options) : new Dealer(options);
  if (as.mechanism === 'curve') {
    dialCurve(socket, { client: as.client ?? generateCurvePairSync(), serverKey: as.serverKey });
  }
  let result: ProbeResult | undefined;
  const end = (found: ProbeResult): void => {
    result ??= found;
    socket.close();
  };
  const stopTimer = startTimer(timeout, () => end('silent'));
  const stopListening = onAbort(signal, () => end('silent'));
  try {
    const watched = watchSocket(socket, (event) => {
      const found = resultOf(event);
      if (found) end(found);
    });
    uninterrupted(() => socket.connect(dialable(endpoint)));
    await watched;
  } finally {
    stopTimer();
    stopListening();
    socket.close();
  }
  signal?.throwIfAborted();
  return result ?? 'silent';
}

function resultOf(event: Event): ProbeResult | undefined {
  return isMechanismMismatch(event) ? 'mechanism-mismatch' : RESULTS[event.type];
}

const RESULTS: Partial<Record<EventType, ProbeResult>> = {
  handshake: 'admitted',
  'handshake:error:auth': 'refused',
  'handshake:error:protocol': 'refused',
  'handshake:error:other': 'refused',
  disconnect: 'refused',
  close: 'silent',
};
