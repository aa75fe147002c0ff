import type { ConnectionInfo, Ports, Transport } from '../../connection/connection-info.js';
import { isCurveKernelError } from '../../errors.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { JsonObject } from '../../protocol/message.js';
import type { TransportEncryption } from '../../launch/encryption-policy.js';
import { chooseAddress, type KernelAddress } from '../../launch/kernel-address.js';
import type { KernelConnectionFile } from '../../launch/kernel-connection-file.js';
import { describeConnection, type KernelKeys } from '../../launch/kernel-keys.js';
import { openKernelChannels, type ChannelSecurity } from '../client/kernel-channels.js';
import { launchKernel, type LaunchedKernel, type LaunchKernelOptions } from '../../launch/launch-kernel.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { notEnforcedError, proveEncryption } from '../../launch/prove-encryption.js';
import { diagnoseStart, type StartLimits } from '../../launch/diagnose-start.js';

/** The settings of a kernel, the same for each of its processes. */
export interface KernelPlan extends Omit<LaunchKernelOptions, 'connection' | 'address'> {
  /** The kernelspec that was asked for. */
  readonly original: KernelSpec;
  /** The kernelspec that is started: the same, or that of a relay that runs it. */
  readonly spec: KernelSpec;
  readonly policy: TransportEncryption;
  /** Why it cannot run behind the relay, if that was tried. */
  readonly relayFailure?: string | undefined;
  readonly transport: Transport;
  readonly ip: string;
  readonly file: KernelConnectionFile;
  /** Milliseconds. */
  readonly startTimeout: number;
  /** Called for each message of the kernel that had to be dropped. */
  readonly onDropped?: ((error: unknown) => void) | undefined;
}

/** Protection of a kernel's sockets, as the sockets themselves report it. */
export interface KernelSecurity {
  readonly policy: TransportEncryption;
  readonly encrypted: boolean;
  /** True if a plaintext peer was tried on all five sockets and refused (policy `required`). */
  readonly proven: boolean;
  /** Of the kernel's public key; absent in plain text. */
  readonly fingerprint?: string;
  readonly sockets: ChannelSecurity;
}

/** One process of a kernel that was found ready. */
export interface KernelRun {
  readonly process: LaunchedKernel;
  readonly connection: ConnectionInfo;
  readonly security: KernelSecurity;
  /** The content of the kernel_info_reply. */
  readonly info: JsonObject;
}

const MAX_ATTEMPTS = 5;

/**
 * Starts a kernel and waits until it is ready, on the ports of `previous` if they are free. When another process takes one of its ports
 * first, the kernel is started again on others.
 *
 * @throws CurveKernelError `kernelspec-invalid`, `kernel-start-failed`, `kernel-start-timeout`, `encryption-not-enforced`,
 *   `connection-file-*`; the reason of `signal`. Nothing is left behind then.
 */
export async function startRun(
  plan: KernelPlan,
  keys: KernelKeys,
  signal?: AbortSignal,
  previous?: Ports,
): Promise<KernelRun> {
  const deadline = performance.now() + plan.startTimeout;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const address = await chooseAddress(plan, plan.file.path, attempt === 1 ? previous : undefined);
    const limits = { milliseconds: deadline - performance.now(), startTimeout: plan.startTimeout, signal };
    try {
      return await tryRun(plan, keys, address, limits);
    } catch (error) {
      const again = attempt < MAX_ATTEMPTS && signal?.aborted !== true && deadline > performance.now();
      if (!again) throw error;
      if (!(await lostItsAddress(address, error)) && !(attempt === 1 && metAnotherPeer(error))) throw error;
    }
  }
}

/** Messages of kernels about a port that is in use: Python's, Node's and those of jupyter-curve. */
const TAKEN = /address (is )?already in use|EADDRINUSE|another process listens on/i;

/** The kernel has ended by now, so a port that is not free belongs to another process; or did, when the kernel complained. */
async function lostItsAddress(address: KernelAddress, error: unknown): Promise<boolean> {
  const words = isCurveKernelError(error) ? error.data['stderrTail'] : undefined;
  if (typeof words === 'string' && TAKEN.test(words)) return true;
  return address.isTaken();
}

/**
 * Whether a peer without the kernel's key answered: the kernel itself, which will then do so again, or a process that had one of its
 * ports for a moment.
 */
function metAnotherPeer(error: unknown): boolean {
  if (!isCurveKernelError(error)) return false;
  return isCurveKernelError(error.cause, 'peer-wrong-key') || isCurveKernelError(error.cause, 'peer-plaintext');
}

async function tryRun(
  plan: KernelPlan,
  keys: KernelKeys,
  address: KernelAddress,
  limits: StartLimits,
): Promise<KernelRun> {
  const { spec, file } = plan;
  const connection = describeConnection(spec.name, address, keys);
  const kernel = await launchKernel(spec, file, { ...plan, connection, address });
  try {
    const { info, sockets } = await diagnoseStart(spec.name, kernel.exited, limits, async (signal) => {
      const found = await waitUntilReady(plan, connection, limits.milliseconds, signal);
      if (isProven(plan.policy)) await proveEncryption(connection, signal);
      return found;
    });
    return { process: kernel, connection, info, security: describeSecurity(plan.policy, keys, sockets) };
  } catch (error) {
    await kernel.kill();
    await file.remove();
    await kernel.cleanUp(); // the record last, which names the file
    throw error;
  }
}

/** Resolves to the kernel's info and the protection of its channels once it is heard on all of them. */
async function waitUntilReady(
  { onDropped = () => undefined }: KernelPlan,
  connection: ConnectionInfo,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly info: JsonObject; readonly sockets: ChannelSecurity }> {
  const channels = await openKernelChannels({
    connection,
    timeout,
    signal,
    receive: () => undefined,
    rejected: (error) => onDropped(error),
    failed: () => undefined,
  });
  const found = { info: channels.info.content, sockets: channels.security() };
  await channels.close();
  return found;
}

const isProven = (policy: TransportEncryption): boolean => policy === 'required' || policy === 'native';

function describeSecurity(
  policy: TransportEncryption,
  { curve }: KernelKeys,
  sockets: ChannelSecurity,
): KernelSecurity {
  const plain = Object.entries(sockets).filter(([, { mechanism }]) => mechanism !== 'curve');
  if (curve === undefined) return { policy, encrypted: false, proven: false, sockets };
  if (plain.length > 0)
    throw notEnforcedError(`Without encryption: ${plain.map(([name]) => name).join(', ')}.`, { sockets });
  return { policy, encrypted: true, proven: isProven(policy), sockets, fingerprint: fingerprint(curve.publicKey) };
}
