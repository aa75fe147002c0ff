import type { Context, Event } from 'zeromq';
import { CurveKernelError } from '../../errors.js';
import type { SocketName } from '../../protocol/message.js';
import { SOCKET_NAMES } from '../../connection/per-socket.js';
import { probeIn, type ProbeAs } from '../client/probe.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';
import { deferred } from '../../support/deferred.js';
import { settlesWithin } from '../../support/timers.js';

/** Options of {@link selfCheck}. */
export interface SelfCheckOptions {
  /** Milliseconds for each probe. */
  readonly timeout: number;
  /** Strangers are to be admitted, so only plaintext peers are probed. Default: false. */
  readonly admitsStrangers?: boolean;
}

/**
 * Probes every socket as a peer without keys, and every socket but heartbeat (which admits every peer that knows the server key) as a
 * stranger who knows the server key. Resolves when all were refused. Throws `self-check-failed` when one was admitted, or when there was
 * no answer, which proves nothing.
 */
export async function selfCheck(
  context: Context,
  addresses: Readonly<Record<SocketName, string>>,
  serverKey: string,
  { timeout, admitsStrangers = false }: SelfCheckOptions,
): Promise<void> {
  const stranger: ProbeAs = { mechanism: 'curve', serverKey, client: generateCurvePairSync() };
  const mustRefuse = async (name: SocketName, as: ProbeAs, who: string): Promise<void> => {
    const result = await probeIn(context, addresses[name], as, name, { timeout });
    if (result === 'admitted' || result === 'silent') throw selfCheckError(name, who, result);
  };
  await Promise.all(
    SOCKET_NAMES.flatMap((name) => [
      mustRefuse(name, { mechanism: 'null' }, 'a peer without keys'),
      ...(probesPerSocket(name, { admitsStrangers }) === 1
        ? []
        : [mustRefuse(name, stranger, 'a stranger who knows the public key')]),
    ]),
  );
}

/** Number of probes of {@link selfCheck} at one socket. */
export function probesPerSocket(
  name: SocketName,
  { admitsStrangers = false }: Pick<SelfCheckOptions, 'admitsStrangers'>,
): number {
  return name === 'heartbeat' || admitsStrangers ? 1 : 2;
}

const selfCheckError = (socket: SocketName, who: string, result: 'admitted' | 'silent'): CurveKernelError =>
  new CurveKernelError(
    'self-check-failed',
    `The ${socket} socket must refuse ${who}, and ${result === 'admitted' ? 'admitted it' : 'did not answer'}; nothing is served.`,
    {
      hint:
        result === 'admitted'
          ? 'Report this: the kernel would have been open to others.'
          : 'Start again when the machine is less busy.',
      data: { socket, result },
    },
  );

/** Milliseconds to wait for a disconnect that libzmq does not report. */
const MAX_WAIT = 250;

/**
 * Counts the disconnects of a self-check, so that its connections are not counted as peers. `probes`: the number of probes for each watched
 * socket. `settled` resolves when as many connections have ended.
 */
export function trackProbeDisconnects(probes: ReadonlyMap<SocketName, number>) {
  const left = new Map(probes);
  const { promise, resolve } = deferred<void>();
  if (left.size === 0) resolve();
  return {
    observe(name: SocketName, { type }: Pick<Event, 'type'>): void {
      if (type !== 'disconnect') return;
      const more = (left.get(name) ?? 0) - 1;
      if (more > 0) left.set(name, more);
      else left.delete(name);
      if (left.size === 0) resolve();
    },
    settled: async () => settlesWithin(promise, MAX_WAIT),
  };
}
