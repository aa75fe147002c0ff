import { perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import { CurveKernelError } from '../../errors.js';
import { samePublicKey } from '../../keys/curve-pair.js';
import { createMessageCodec } from '../message-codec.js';
import { bindSockets, type BoundSockets } from './bind-sockets.js';
import { ConnectionLimiter } from './connection-limiter.js';
import { Listener, type ListenerOptions } from './listener.js';
import type { ListenerEvent } from './listener-event.js';
import { DEFAULT_LISTENER_LIMITS, type ListenerLimits } from './listener-limits.js';
import { probesPerSocket, selfCheck, trackProbeDisconnects } from './self-check.js';
import { SubscriptionTracker } from './subscription-tracker.js';
import { watchConnections, type ObserveConnection, type WatchedConnections } from './watch-connections.js';
import { registerZapPolicy } from './zap-policy.js';

/**
 * Binds five sockets for one identity. Resolves when they are bound and, under CURVE, have refused a stranger and a plaintext
 * peer. Throws `address-in-use`, `bind-failed`, `endpoint-invalid`, `self-check-failed`, `signature-scheme-unsupported`,
 * `transport-closed`, `key-mismatch` when the connection names another server key, TypeError when it names one and no `server` is
 * given; then nothing is left bound.
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { context, connection, server } = options;
  checkServer(options);
  context.checkOpen();
  const limits = { ...DEFAULT_LISTENER_LIMITS, ...options.limits };
  const codec = createMessageCodec(
    connection,
    { maxBytes: limits.messageBytes },
    { keepBytes: options.keepBytes === true },
  );
  const subscriptions = new SubscriptionTracker();
  const limiters = perSocket(() => new ConnectionLimiter(limits));
  const early: ListenerEvent[] = [];
  let listener: Listener | undefined;
  const onEvent = (event: ListenerEvent): void => {
    const accepted = event.kind === 'peer-accepted';
    if (accepted && event.socket === 'iopub') subscriptions.expect();
    if (listener) return listener.report(event);
    // Before there is a listener, refusals are those of the self-check, and are not reported.
    if (accepted) early.push(event);
  };
  const zapPolicy =
    server && registerZapPolicy({ ...options, server, tryAdmit: (name) => limiters[name].tryAdmit(), onEvent });
  const monitored = options.onEvent ? (options.monitor ?? SOCKET_NAMES) : [];
  const probeDisconnects = trackProbeDisconnects(
    server ? new Map(monitored.map((name) => [name, probesPerSocket(name, options)])) : new Map(),
  );
  const observe: ObserveConnection = (name, event) => {
    probeDisconnects.observe(name, event);
    const reported = limiters[name].observe(name, event);
    if (reported && monitored.includes(name)) listener?.report(reported);
    if (limiters[name].wantsRebinding) listener?.resetConnections(name, 'stuck');
  };
  let bound: BoundSockets | undefined;
  let watched: WatchedConnections | undefined;
  try {
    const socketLimits = { ...limits, frameBytes: frameBytesFor(options, limits) };
    bound = await bindSockets({
      ...options,
      context: context.zmq,
      limits: socketLimits,
      ...(zapPolicy && { zapPolicy }),
    });
    // From now on, so that the ends of the self-check's own connections are told from those of peers.
    for (const name of monitored) limiters[name].watch();
    watched = watchConnections(bound.sockets, monitored, observe);
    if (server)
      await selfCheck(context.zmq, bound.addresses, server.publicKey, { ...options, timeout: limits.selfCheck });
    await probeDisconnects.settled();
    context.checkOpen();
  } catch (error) {
    zapPolicy?.close();
    bound?.removeFiles();
    await watched?.close();
    throw error;
  }
  listener = new Listener(options, { bound, watched, codec, zapPolicy, limits, subscriptions, limiters });
  for (const event of early) listener.report(event);
  return listener;
}

/** Frames are limited before it is known what they ask for. */
function frameBytesFor({ rights }: ListenerOptions, { frameBytes, smallMessageBytes }: ListenerLimits): number {
  return rights?.sendsLarge() === false ? Math.min(frameBytes, smallMessageBytes) : frameBytes;
}

/** A connection that promises keys is never served without them, nor with others. */
function checkServer({ connection: { curve }, server }: ListenerOptions): void {
  if (!curve) return;
  if (!server) throw new TypeError('The connection has keys, and no server pair is given: it would be plain text.');
  if (samePublicKey(curve.publicKey, server.publicKey)) return;
  throw new CurveKernelError('key-mismatch', 'The connection has another public key than the server pair.', {
    hint: 'Give the pair whose public key is in the connection.',
  });
}
