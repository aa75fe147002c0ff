import type { ClientInfo } from '../access/grants/grant-info.js';
import { perSocket } from '../connection/per-socket.js';
import type { KernelSpec } from '../launch/kernelspec.js';
import { definedOnly } from '../support/defined-only.js';
import type { KernelLink, KernelState } from './kernel-link.js';
import { isServedHere, relayedName } from './kernelspec-facts.js';
import { MILLISECONDS_PER_TICK, processTree, type OwnProcess } from './own-processes.js';
import { isRelay, type KernelCandidate } from './running-kernels.js';
import type { Protection, Wire } from './wire.js';

/** A client of a kernel. */
export interface ConnectedClient {
  /** The identity that its key stands for. */
  readonly name: string;
  readonly roles: readonly string[];
  /** As ZAP names it. */
  readonly address: string;
  /** ISO 8601. */
  readonly since: string;
}

/** A running kernel of this user. */
export interface KernelStatus {
  /** The connection file. */
  readonly file: string;
  /** The name of the kernelspec, where it is known. */
  readonly kernel?: string;
  /** The name of the kernel behind the relay, if it is relayed. */
  readonly relays?: string;
  readonly pid?: number;
  /** When its process started, in ISO 8601. */
  readonly startedAt?: string;
  /** `looking`: not known yet; `unknown`: its file is not used, see `problem`. */
  readonly protection: Protection | 'looking' | 'unknown';
  readonly mechanisms?: Wire['mechanisms'];
  readonly state?: KernelState;
  /** `kernel`: it was asked; `iopub`: it published it; `process`: it uses the processor. */
  readonly stateFrom?: 'kernel' | 'iopub' | 'process';
  /** Absent where the kernel cannot be asked. This command's own connection is not among them. */
  readonly clients?: readonly ConnectedClient[];
  /** Why nothing was asked. */
  readonly problem?: string;
}

/** The parts of a {@link KernelStatus} that files and processes tell. */
export function describeCandidate(
  candidate: KernelCandidate,
  specs: ReadonlyMap<string, KernelSpec>,
  protection: KernelStatus['protection'] = 'looking',
): KernelStatus {
  const { file, facts, ownProcess, problem } = candidate;
  const spec = specOf(candidate, specs);
  const isRelayed = ownProcess !== undefined && isRelay(ownProcess);
  return definedOnly({
    file,
    kernel: spec?.name ?? facts?.kernelName,
    relays: (spec && relayedName(spec)) ?? (isRelayed ? 'unknown' : undefined),
    pid: ownProcess?.pid,
    startedAt: ownProcess && new Date(ownProcess.startedAt).toISOString(),
    protection: problem === undefined ? protection : ('unknown' as const),
    problem: problem?.message,
  });
}

/** The kernelspec that a kernel was started from: the one that its file names, or else the one whose arguments are those of its process. */
export function specOf(
  { facts, ownProcess, file }: KernelCandidate,
  specs: ReadonlyMap<string, KernelSpec>,
): KernelSpec | undefined {
  const named = facts?.kernelName === undefined ? undefined : specs.get(facts.kernelName.toLowerCase());
  if (named !== undefined || ownProcess === undefined) return named;
  const given = ownProcess.argv.slice(1);
  const fits = (spec: KernelSpec): boolean => {
    const wanted = spec.argv.slice(1).map((one) => one.replaceAll('{connection_file}', file));
    return wanted.length > 0 && wanted.every((one, index) => one === given[index] || /\{\w+\}/.test(one));
  };
  const found = [...specs.values()].filter(fits);
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a kernel answers requests about access. An ipykernel would log them as errors. */
export function isServed(candidate: KernelCandidate, specs: ReadonlyMap<string, KernelSpec>): boolean {
  const spec = specOf(candidate, specs);
  if (spec !== undefined && isServedHere(spec)) return true;
  return candidate.ownProcess?.argv.some((one) => /[/\\]dist[/\\]cli[/\\](?:main\.js|kernel\.cjs)$/.test(one)) ?? false;
}

/** The protection that all handshakes of a link have proved. */
export function protectionBy({ mechanisms }: Pick<KernelLink, 'mechanisms'>): Protection {
  const all = new Set(Object.values(mechanisms));
  return all.size > 1 ? 'partly' : all.has('curve') ? 'encrypted' : 'plain';
}

/** What a link has found: all of it from the sockets themselves. */
export function describeLink(
  link: KernelLink,
  clients: readonly ClientInfo[] | undefined,
  openedAt: number,
): Partial<KernelStatus> {
  const protection = protectionBy(link);
  const found = { mechanisms: perSocket((name) => link.mechanisms[name]), protection };
  const connected = clients && { clients: othersAmong(clients, openedAt) };
  if (link.state !== undefined) return { ...found, ...connected, state: link.state, stateFrom: 'iopub' };
  if (clients === undefined || clients.every((one) => one.isRunning === undefined)) return { ...found, ...connected };
  const state = clients.some((one) => one.isRunning) ? 'busy' : 'idle';
  return { ...found, ...connected, state, stateFrom: 'kernel' };
}

/** Those who are connected. Of the owner's, the newest since the link was opened is the link itself. */
function othersAmong(clients: readonly ClientInfo[], openedAt: number): readonly ConnectedClient[] {
  const connected = clients.flatMap(({ name, roles, origin, connected: peers }) =>
    peers.map(({ address, since }) => ({ name, roles, address, since, isOwner: origin === 'connection-file' })),
  );
  const own = connected.findLast(({ isOwner, since }) => isOwner && Date.parse(since) >= openedAt - CLOCK_STEP);
  return connected
    .filter((one) => one !== own)
    .map(({ name, roles, address, since }) => ({ name, roles, address, since }));
}

/** Milliseconds by which two readings of one clock may seem to be in the wrong order. */
const CLOCK_STEP = 5;

/** The part of a processor from which a kernel counts as busy, unless it says what it does. */
const BUSY_USE = 0.5;

/**
 * Whether a kernel, or what it has started, was busy between two looks: one of them used half a processor, or was ready to run both times. On a machine with much
 * work none gets half a processor.
 */
export function usesProcessor(
  pid: number,
  before: ReadonlyMap<number, OwnProcess>,
  after: ReadonlyMap<number, OwnProcess>,
  milliseconds: number,
): boolean {
  return processTree(pid, after).some((now) => {
    const then = before.get(now.pid);
    const used = now.ticks - (then?.ticks ?? now.ticks);
    if (used <= 0) return false;
    return (then?.isRunnable === true && now.isRunnable) || used * MILLISECONDS_PER_TICK >= BUSY_USE * milliseconds;
  });
}
