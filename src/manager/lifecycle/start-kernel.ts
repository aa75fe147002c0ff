import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { isCurveKernelError } from '../../errors.js';
import type { Transport } from '../../connection/connection-info.js';
import { RestartBackoff, type AutoRestart } from './auto-restart.js';
import {
  decideEncryption,
  type ManagerWarning,
  type SecretBy,
  type TransportEncryption,
} from '../../launch/encryption-policy.js';
import { jupyterRuntimeFolder } from '../../launch/jupyter-paths.js';
import { KernelConnectionFile } from '../../launch/kernel-connection-file.js';
import { issueKeys } from '../../launch/kernel-keys.js';
import { sweepOrphans } from '../../launch/kernel-record.js';
import { startRun, type KernelPlan } from './kernel-run.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import { ManagedKernel } from './managed-kernel.js';
import type { Launcher } from '../../launch/process-launcher.js';

/** Options of {@link startKernel}. */
export interface StartKernelOptions {
  readonly kernelName: string;
  /** Up to 64 letters, digits, `_` and `-`. Default: a random UUID. */
  readonly id?: string;
  /** Default `auto`: encrypted by the kernel if its kernelspec advertises that, else by the relay, else a warning. */
  readonly transportEncryption?: TransportEncryption;
  /** Default `tcp`. */
  readonly transport?: Transport;
  /** IP address to bind with tcp; `*` is every IPv4 address of this machine. Default 127.0.0.1. */
  readonly ip?: string;
  /** Default `file`, as in JEP 145. */
  readonly secretBy?: SecretBy;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Default: `kernel-<id>.json` in Jupyter's runtime folder. The file of a kernel that has ended is replaced; any other file of that name
   * is left alone, and an error.
   */
  readonly connectionFile?: string;
  /** Milliseconds until the kernel must be ready. Default 60,000. */
  readonly startTimeout?: number;
  /** Milliseconds for each step of a shutdown: shutdown_request, SIGTERM, SIGKILL. Default 2,500. */
  readonly shutdownTimeout?: number;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
  /** Called with output of the kernel's process itself. Unlike error messages it is passed on unchanged. */
  readonly onOutput?: (name: 'stdout' | 'stderr', text: string) => void;
  /** Default: `process.emitWarning`. */
  readonly onWarning?: (warning: ManagerWarning) => void;
  /** Called for errors that no caller waits for: a message that was dropped during the start. */
  readonly onError?: (kernelId: string, error: unknown) => void;
  /** `false`: a kernel that dies stays dead. */
  readonly autoRestart?: Partial<AutoRestart> | false;
  /** If false, an ipykernel keeps its history in memory instead of the history file of the user's IPython. Default true. */
  readonly ipythonHistory?: boolean;
  /** Default: `processLauncher`. */
  readonly launcher?: Launcher;
  /** Default: {@link findKernelSpec} with the kernel's environment. */
  readonly findKernelSpec?: (name: string) => Promise<KernelSpec>;
}

/**
 * Starts a kernel. Resolves when it is ready: the handshakes on all channels succeeded, kernel_info_request was answered, and a message
 * arrived on iopub; and, under `required`, all five sockets refused a plaintext peer.
 *
 * @throws CurveKernelError `kernelspec-missing`, `kernelspec-invalid`, `encryption-unsupported`, `connection-file-*` before anything is started;
 *   `kernel-start-failed`, `kernel-start-timeout`, `encryption-not-enforced` afterwards, with nothing left behind;
 *   TypeError for an invalid id or policy; the reason of `signal`.
 */
export async function startKernel(options: StartKernelOptions): Promise<ManagedKernel> {
  const { kernelName, transport = 'tcp', secretBy = 'file', signal, onWarning = warn, onOutput, onError } = options;
  const policy = options.transportEncryption ?? 'auto';
  const id = options.id ?? randomUUID();
  if (!/^[\w-]{1,64}$/.test(id)) throw new TypeError('A kernel id must have 1 to 64 letters, digits, _ and -.');
  const env = { ...process.env, ...options.env };
  const original = await (options.findKernelSpec ?? ((name) => findKernelSpec(name, { env })))(kernelName);
  const { encrypt, spec, warning } = decideEncryption(original, { policy, transport, secretBy });
  if (warning !== undefined) onWarning(warning);

  const runtime = await jupyterRuntimeFolder(env);
  await sweepOrphans(runtime);
  const plan: KernelPlan = {
    id,
    original,
    spec,
    policy,
    secretBy,
    transport,
    env,
    runtime,
    ip: readIp(options.ip),
    cwd: options.cwd ?? process.cwd(),
    file: new KernelConnectionFile(resolve(options.connectionFile ?? join(runtime, `kernel-${id}.json`)), runtime),
    startTimeout: options.startTimeout ?? 60_000,
    launcher: options.launcher,
    ipythonHistory: options.ipythonHistory,
    onOutput,
    onDropped: onError && ((error) => onError(id, error)),
  };
  const backoff = new RestartBackoff(options.autoRestart);
  const { shutdownTimeout = 2500 } = options;
  const keys = await issueKeys(encrypt);
  try {
    return new ManagedKernel(plan, {
      keys,
      run: await startRun(plan, keys, signal),
      backoff,
      onWarning,
      shutdownTimeout,
    });
  } catch (error) {
    if (policy !== 'auto' || spec === original || !isCurveKernelError(error, 'kernel-start-failed')) throw error;
    // Some kernels have no ipc sockets, which the relay speaks to them by.
    const relayFailure = 'could not be started behind the relay';
    const plain = decideEncryption(original, { policy, transport, secretBy, relayFailure });
    const plainPlan = { ...plan, spec: plain.spec, relayFailure };
    const plainKeys = await issueKeys(plain.encrypt);
    if (plain.warning !== undefined) onWarning(plain.warning);
    const run = await startRun(plainPlan, plainKeys, signal);
    return new ManagedKernel(plainPlan, { keys: plainKeys, run, backoff, onWarning, shutdownTimeout });
  }
}

/** The wildcard as jupyter_client writes it: its clients can connect to 0.0.0.0, which is this machine, but not to `*`. */
const readIp = (ip = '127.0.0.1'): string => (ip === '*' ? '0.0.0.0' : ip);

function warn({ code, message, hint }: ManagerWarning): void {
  process.emitWarning(message, { type: 'JupyterCurveWarning', code, detail: hint });
}
