import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
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
import { processLauncher, type Launcher } from '../../launch/process-launcher.js';

/** Which kernel to start, and how. */
export interface StartKernelOptions {
  readonly kernelName: string;
  /** Up to 64 letters, digits, `_` and `-`. Default: a random UUID. */
  readonly id?: string;
  /** Default `auto`: encrypted where the kernelspec advertises it, else a warning. */
  readonly transportEncryption?: TransportEncryption;
  /** Default `tcp`. */
  readonly transport?: Transport;
  /** The address to bind with tcp; `*` is every IPv4 address of this machine. Default 127.0.0.1. */
  readonly ip?: string;
  /** Default `file`, as in JEP 145. */
  readonly secretBy?: SecretBy;
  /** Default: that of this process. */
  readonly cwd?: string;
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Default: `kernel-<id>.json` in Jupyter's runtime folder. What a kernel that is gone has left there is replaced; anything else of that
   * name is left alone, and an error.
   */
  readonly connectionFile?: string;
  /** Milliseconds until the kernel must be ready. Default 60,000. */
  readonly startTimeout?: number;
  /** Milliseconds that each step of a shutdown waits before the next, harder one. Default 2,500. */
  readonly shutdownTimeout?: number;
  /** Aborts the start. */
  readonly signal?: AbortSignal;
  /** What the kernel's process itself prints. Unlike error messages it is passed on as it is. */
  readonly onOutput?: (name: 'stdout' | 'stderr', text: string) => void;
  /** Default: `process.emitWarning`. */
  readonly onWarning?: (warning: ManagerWarning) => void;
  /** Told about errors that no caller waits for: a message that had to be dropped while the kernel started. */
  readonly onError?: (kernelId: string, error: unknown) => void;
  /** `false`: a kernel that dies stays dead. */
  readonly autoRestart?: Partial<AutoRestart> | false;
  /** Whether an ipykernel writes what it runs into the history of the user's IPython. Default true; no other kernel is asked. */
  readonly ipythonHistory?: boolean;
  /** Default: {@link processLauncher}. */
  readonly launcher?: Launcher;
  /** Default: {@link findKernelSpec} with the kernel's environment. */
  readonly findKernelSpec?: (name: string) => Promise<KernelSpec>;
}

/**
 * Starts a kernel. Resolves when it is ready: handshakes on all channels, kernel_info answered, iopub seen; and, under `required`,
 * when it has turned a plaintext peer away on all five sockets.
 *
 * @throws CurveKernelError `kernelspec-missing`, `kernelspec-invalid`, `encryption-unsupported`, `connection-file-*` before anything is started;
 *   `kernel-start-failed`, `kernel-start-timeout`, `encryption-not-enforced` afterwards, with nothing left behind;
 *   TypeError for an id or a policy that cannot be; the reason of `signal`.
 */
export async function startKernel(options: StartKernelOptions): Promise<ManagedKernel> {
  const { kernelName, transport = 'tcp', secretBy = 'file', signal, onWarning = warn, onOutput, onError } = options;
  const policy = options.transportEncryption ?? 'auto';
  const id = options.id ?? randomUUID();
  if (!/^[\w-]{1,64}$/.test(id)) throw new TypeError('A kernel id has up to 64 letters, digits, _ and -.');
  const env = { ...process.env, ...options.env };
  const spec = await (options.findKernelSpec ?? ((name) => findKernelSpec(name, { env })))(kernelName);
  const { encrypt, warning } = decideEncryption(spec, { policy, transport, secretBy });
  if (warning !== undefined) onWarning(warning);

  const runtime = await jupyterRuntimeFolder(env);
  await sweepOrphans(runtime);
  const plan: KernelPlan = {
    id,
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
    launcher: options.launcher ?? processLauncher,
    ...(onOutput && { onOutput }),
    ...(onError && { onDropped: (error: unknown) => onError(id, error) }),
    ...(options.ipythonHistory === undefined ? {} : { ipythonHistory: options.ipythonHistory }),
  };
  const keys = await issueKeys(encrypt);
  const run = await startRun(plan, keys, signal);
  const backoff = new RestartBackoff(options.autoRestart);
  return new ManagedKernel(plan, { keys, run, backoff, onWarning, patience: options.shutdownTimeout ?? 2500 });
}

/** Written as jupyter_client writes it: its clients connect to 0.0.0.0, which is this machine, and could not to `*`. */
const readIp = (ip = '127.0.0.1'): string => (ip === '*' ? '0.0.0.0' : ip);

function warn({ code, message, hint }: ManagerWarning): void {
  process.emitWarning(message, { type: 'JupyterCurveWarning', code, detail: hint });
}
