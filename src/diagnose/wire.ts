import type { Address } from '../connection/address-fields.js';
import { dialable, endpoint } from '../connection/endpoints.js';
import { perSocket, SOCKET_NAMES } from '../connection/per-socket.js';
import type { SocketName } from '../protocol/message.js';
import { readGreeting } from '../transport/client/peek-greeting.js';
import { probe, type ProbeResult } from '../transport/client/probe.js';

/**
 * What is found on one socket: the mechanism that its greeting names (ZMTP 3.1), `other` for one that no Jupyter kernel has or an answer that
 * is no greeting, `silent` where a process accepts connections and says nothing, `closed` where there is none.
 */
export type SpokenMechanism = 'curve' | 'null' | 'other' | 'silent' | 'closed';

/**
 * The protection of a kernel, by what its sockets do.
 *
 * - `encrypted`: all five speak CURVE, and the kernel has proved that it holds the secret of the file's public key.
 * - `plain`: all five speak plain text.
 * - `partly`: some of them do.
 * - `unproven`: they speak CURVE, and the file has no key to check them with, or no handshake completes.
 * - `wrong-key`: they speak CURVE, and do not hold the secret of that key.
 * - `silent`: a process accepts connections and answers nothing that can be read.
 * - `gone`: on one of them at least, no process listens; a kernel binds all five.
 */
export type Protection = 'encrypted' | 'plain' | 'partly' | 'unproven' | 'wrong-key' | 'silent' | 'gone';

/** What was found at the five addresses of a connection file. */
export interface Wire {
  readonly mechanisms: Readonly<Record<SocketName, SpokenMechanism>>;
  readonly protection: Protection;
}

/** Options of {@link lookAtWire}. */
export interface WireOptions {
  /** Milliseconds for each socket. Default: 1,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT = 1_000;

/**
 * Looks at the five sockets of a connection file, and believes nothing of what it says about keys. Nothing but the beginning of a greeting
 * is sent to them, and a handshake with a throw-away key to the heartbeat, which admits every key. Rejects with the reason of `signal`.
 */
export async function lookAtWire(
  address: Address,
  publicKey: string | undefined,
  options: WireOptions = {},
): Promise<Wire> {
  const { timeout = TIMEOUT, signal } = options;
  signal?.throwIfAborted();
  const spoken = async (name: SocketName): Promise<[SocketName, SpokenMechanism]> => [
    name,
    mechanismIn(await readGreeting(dialable(endpoint(address, name)), timeout)),
  ];
  const found = new Map(await Promise.all(SOCKET_NAMES.map(spoken)));
  const mechanisms = perSocket((name) => found.get(name) ?? 'closed');
  if (publicKey === undefined || mechanisms.heartbeat !== 'curve') return { mechanisms, protection: judge(mechanisms) };
  const as = { mechanism: 'curve', serverKey: publicKey } as const;
  const proof = await probe(dialable(endpoint(address, 'heartbeat')), as, 'heartbeat', options);
  return { mechanisms, protection: judge(mechanisms, proof) };
}

/** The protection that follows from the greetings and, where a key was at hand, from a handshake. */
export function judge(mechanisms: Wire['mechanisms'], proof?: ProbeResult): Protection {
  const found = SOCKET_NAMES.map((name) => mechanisms[name]);
  const all = (wanted: SpokenMechanism): boolean => found.every((one) => one === wanted);
  // A kernel binds all five. The port of one that is gone may belong to another program by now.
  if (found.includes('closed')) return 'gone';
  if (all('null')) return 'plain';
  if (all('curve')) {
    if (proof === 'admitted') return 'encrypted';
    return proof === 'refused' ? 'wrong-key' : 'unproven';
  }
  return found.some((one) => one === 'null') || found.some((one) => one === 'curve') ? 'partly' : 'silent';
}

function mechanismIn({ connected, mechanism }: Awaited<ReturnType<typeof readGreeting>>): SpokenMechanism {
  if (mechanism === 'CURVE') return 'curve';
  if (mechanism === 'NULL') return 'null';
  if (mechanism !== undefined) return 'other';
  return connected ? 'silent' : 'closed';
}

/** A protection in words. */
export const describeProtection = (protection: Protection): string => WORDS[protection];

const WORDS: Readonly<Record<Protection, string>> = {
  encrypted: 'a kernel, encrypted on all five sockets, with the key of the file',
  plain: 'a kernel, in plain text',
  partly: 'a process, and not all five sockets are protected alike',
  unproven: 'a process that speaks CURVE on all five sockets, and has not proved to be the kernel of the file',
  'wrong-key': 'a process that speaks CURVE, and does not hold the secret of the key in the file',
  silent: 'a process that accepts connections, and no kernel that can be understood',
  gone: 'no process',
};
