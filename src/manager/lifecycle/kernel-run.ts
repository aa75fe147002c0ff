import type { ConnectionInfo, Ports, Transport } from '../../connection/connection-info.js';
import { isCurveKernelError } from '../../errors.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { JsonObject } from '../../protocol/message.js';
import type { SecretBy, TransportEncryption } from '../../launch/encryption-policy.js';
import { hideKeys } from '../../launch/hide-keys.js';
import { chooseIpcAddress, chooseTcpAddress, type KernelAddress } from '../../launch/kernel-address.js';
import { kernelCommand } from '../../launch/expand-argv.js';
import { kernelEnvironment } from '../../launch/kernel-environment.js';
import type { KernelConnectionFile } from '../../launch/kernel-connection-file.js';
import { describeConnection, type KernelKeys } from '../../launch/kernel-keys.js';
import { openKernelChannels, type ChannelSecurity } from '../client/kernel-channels.js';
import { recordFile, recordKernel } from '../../launch/kernel-record.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import type { LaunchedProcess, Launcher, ProcessEnd } from '../../launch/process-launcher.js';
import { notEnforcedError, proveEncryption } from '../../launch/prove-encryption.js';
import { removeLeftovers } from './remove-leftovers.js';
import { settlesWithin } from '../../support/settles-within.js';
import { diagnoseStart, type StartLimits } from '../../launch/diagnose-start.js';

/** What stays the same from one process of a kernel to the next. */
export interface KernelPlan {
  readonly id: string;
  readonly spec: KernelSpec;
  readonly policy: TransportEncryption;
  readonly secretBy: SecretBy;
  readonly transport: Transport;
  readonly ip: string;
  readonly cwd: string;
  /** Before the kernelspec's own variables. */
  readonly env: NodeJS.ProcessEnv;
  readonly file: KernelConnectionFile;
  readonly runtime: string;
  /** Milliseconds. */
  readonly startTimeout: number;
  readonly launcher: Launcher;
  readonly ipythonHistory?: boolean;
  readonly onOutput?: (name: 'stdout' | 'stderr', text: string) => void;
  /** Told about messages of the kernel that had to be dropped. */
  readonly onDropped?: (error: unknown) => void;
}

/** How a kernel's sockets are protected, as the sockets themselves say. */
export interface KernelSecurity {
  readonly policy: TransportEncryption;
  readonly encrypted: boolean;
  /** Whether a plaintext peer was tried on all five sockets, and refused (policy `required`). */
  readonly proven: boolean;
  /** Of the kernel's public key; absent in plain text. */
  readonly fingerprint?: string;
  readonly sockets: ChannelSecurity;
}

/** One process of a kernel, from ready to gone. */
export interface KernelRun {
  readonly process: LaunchedProcess;
  readonly connection: ConnectionInfo;
  readonly security: KernelSecurity;
  readonly info: JsonObject;
  /** As the process's own, with no key in what it printed last. */
  readonly exited: Promise<ProcessEnd>;
  /** Removes what it leaves behind, once it has ended. The connection file stays for the next run. */
  cleanUp(): Promise<void>;
}

const MAX_TRIES = 5;
/** Milliseconds for the system to end a process that was killed. */
const KILL_TIMEOUT = 5000;

/**
 * Starts a kernel and waits until it is ready; on the ports of `previous` if it can. When somebody takes one of its ports before it
 * does, it is started again on others.
 *
 * @throws CurveKernelError `kernel-start-failed`, `kernel-start-timeout`, `encryption-not-enforced`, and what the connection
 *   file's folder has to say; the reason of `signal`. Nothing is left behind then.
 */
export async function startRun(
  plan: KernelPlan,
  keys: KernelKeys,
  signal?: AbortSignal,
  previous?: Ports,
): Promise<KernelRun> {
  const deadline = performance.now() + plan.startTimeout;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    const address = await chooseAddress(plan, tries === 1 ? previous : undefined);
    const limits = { milliseconds: deadline - performance.now(), startTimeout: plan.startTimeout, signal };
    try {
      return await tryRun(plan, keys, address, limits);
    } catch (error) {
      const again = tries < MAX_TRIES && signal?.aborted !== true && deadline > performance.now();
      if (!again) throw error;
      if (!(await lostItsAddress(address, error)) && !(tries === 1 && metSomebodyElse(error))) throw error;
    }
  }
}

function chooseAddress({ transport, ip, file }: KernelPlan, previous?: Ports): Promise<KernelAddress> {
  return transport === 'ipc' ? chooseIpcAddress(file.path) : chooseTcpAddress(ip, previous);
}

/** What kernels print when a port is taken: Python's, Node's and ours. */
const TAKEN = /address (is )?already in use|EADDRINUSE|another process listens on/i;

/** By now the kernel is gone, so a port that is not free is somebody else's; or it was, when the kernel complained. */
async function lostItsAddress(address: KernelAddress, error: unknown): Promise<boolean> {
  const words = isCurveKernelError(error) ? error.data['stderrTail'] : undefined;
  if (typeof words === 'string' && TAKEN.test(words)) return true;
  return address.taken();
}

/**
 * Whether somebody answered who does not hold the key that the kernel was given: the kernel itself, and then it will do so again,
 * or a process that had one of its ports for a moment.
 */
function metSomebodyElse(error: unknown): boolean {
  if (!isCurveKernelError(error)) return false;
  return isCurveKernelError(error.cause, 'peer-wrong-key') || isCurveKernelError(error.cause, 'peer-plaintext');
}

async function tryRun(
  plan: KernelPlan,
  keys: KernelKeys,
  address: KernelAddress,
  limits: StartLimits,
): Promise<KernelRun> {
  const { spec, file, launcher } = plan;
  const connection = describeConnection(spec.name, address, keys);
  const ours = [...address.files, ...address.folders];
  const undo = [(): Promise<void> => removeLeftovers(address.folders)];
  try {
    const byEnvironment = plan.secretBy === 'environment';
    const env = kernelEnvironment(spec, plan.env, byEnvironment ? keys.curve?.secretKey : undefined);
    const argv = await kernelCommand(spec, file.path, plan.env, plan);
    await file.write(connection, { omitSecretKey: byEnvironment });
    // Not before: until then, what has these names is somebody else's.
    undo.unshift(
      () => file.remove(),
      () => removeLeftovers(address.files),
    );
    await address.release();
    const { cwd, onOutput } = plan;
    const leftovers = [file.path, recordFile(plan.runtime, plan.id), ...ours];
    const process = await launcher.launch({ argv, env, cwd, leftovers, ...(onOutput && { onOutput }) });
    undo.unshift(async () => {
      process.signal('SIGKILL');
      await settlesWithin(process.exited, KILL_TIMEOUT);
    });
    const exited = process.exited.then((end) => ({ ...end, stderrTail: hideKeys(end.stderrTail, connection) }));
    const forget = await record(plan, process, [file.path, ...ours]);
    undo.push(forget);
    const ready = await diagnoseStart(spec.name, exited, limits, async (signal) => {
      const found = await awaitReady(plan, connection, limits.milliseconds, signal);
      if (plan.policy === 'required') await proveEncryption(connection, signal);
      return found;
    });
    return {
      process,
      connection,
      exited,
      info: ready.info,
      security: describeSecurity(plan.policy, keys, ready.sockets),
      cleanUp: async () => {
        await removeLeftovers(ours);
        await forget();
      },
    };
  } catch (error) {
    await address.release();
    for (const step of undo) await step();
    throw error;
  }
}

/** What a kernel says of itself once it is heard on all channels. */
async function awaitReady(
  { onDropped = () => undefined }: KernelPlan,
  connection: ConnectionInfo,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly info: JsonObject; readonly sockets: ChannelSecurity }> {
  const link = await openKernelChannels({
    connection,
    timeout,
    signal,
    receive: () => undefined,
    rejected: (error) => onDropped(error),
    failed: () => undefined,
  });
  const found = { info: link.info.content, sockets: link.security() };
  await link.close();
  return found;
}

async function record(
  plan: KernelPlan,
  { pid }: LaunchedProcess,
  files: readonly string[],
): Promise<() => Promise<void>> {
  if (pid === undefined) return () => Promise.resolve();
  return recordKernel(plan.runtime, plan.id, pid, files);
}

function describeSecurity(
  policy: TransportEncryption,
  { curve }: KernelKeys,
  sockets: ChannelSecurity,
): KernelSecurity {
  const plain = Object.entries(sockets).filter(([, { mechanism }]) => mechanism !== 'curve');
  if (curve === undefined) return { policy, encrypted: false, proven: false, sockets };
  if (plain.length > 0)
    throw notEnforcedError(`Without encryption: ${plain.map(([name]) => name).join(', ')}.`, { sockets });
  const proven = policy === 'required';
  return { policy, encrypted: true, proven, sockets, fingerprint: fingerprint(curve.publicKey) };
}
