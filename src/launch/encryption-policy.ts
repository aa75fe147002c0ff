import type { Transport } from '../connection/connection-info.js';
import { CurveKernelError } from '../errors.js';
import type { KernelSpec } from './kernelspec.js';
import { isObject } from '../support/is-object.js';

/** Whether kernels are started with Curve keys; the three words of JEP 145. */
export type TransportEncryption = 'disabled' | 'auto' | 'required';

/** How a kernel gets its secret key: in the connection file (JEP 145), or in its environment alone. */
export type SecretBy = 'file' | 'environment';

/** Something a person should know although the work goes on. */
export interface ManagerWarning {
  readonly code: 'encryption-unavailable' | 'kernelspec-invalid';
  /** What was found. */
  readonly message: string;
  /** What to do about it, as one sentence. */
  readonly hint: string;
}

/** What a policy means for one kernel. */
export interface EncryptionDecision {
  readonly encrypt: boolean;
  /** Set when `auto` falls back to plain text where others could listen. */
  readonly warning?: ManagerWarning;
}

const POLICIES: readonly string[] = ['disabled', 'auto', 'required'] satisfies readonly TransportEncryption[];

/** What is asked for. */
export interface EncryptionRequest {
  readonly policy: TransportEncryption;
  readonly transport: Transport;
  readonly secretBy: SecretBy;
}

/**
 * Decides, before anything is started, whether a kernel gets keys. `auto` without them is a warning on tcp only: an ipc socket
 * lies in a folder that nobody else can enter.
 *
 * @throws CurveKernelError `encryption-unsupported` when the kernelspec does not promise what is asked for; TypeError for a
 *   policy that does not exist.
 */
export function decideEncryption(
  spec: KernelSpec,
  { policy, transport, secretBy }: EncryptionRequest,
): EncryptionDecision {
  if (!POLICIES.includes(policy)) throw new TypeError(`transportEncryption is one of ${POLICIES.join(', ')}.`);
  if (policy === 'disabled') return { encrypt: false };
  if (spec.supportsCurve) {
    if (secretBy === 'environment' && !takesSecretFromEnvironment(spec)) throw secretUnsupported(spec);
    return { encrypt: true };
  }
  if (policy === 'required') throw unsupported(spec);
  if (transport === 'ipc') return { encrypt: false };
  const message = `The kernel "${spec.name}" does not advertise Curve: code and output travel as plain text over tcp.`;
  const hint =
    'Update the kernel and install its kernelspec again; "--transport-encryption required" (transportEncryption in the library) refuses such kernels.';
  return { encrypt: false, warning: { code: 'encryption-unavailable', message, hint } };
}

function takesSecretFromEnvironment(spec: KernelSpec): boolean {
  const promises = spec.metadata['jupyter_curve'];
  return isObject(promises) && promises['secret_by_environment'] === true;
}

function unsupported(spec: KernelSpec): CurveKernelError {
  return new CurveKernelError(
    'encryption-unsupported',
    `Encryption is required, and the kernel "${spec.name}" does not advertise it: metadata.supported_encryption of its kernel.json does not name "curve".`,
    {
      hint: 'Update the kernel and install its kernelspec again, or allow plain text with transport encryption "auto".',
      data: { name: spec.name, resourceDir: spec.resourceDir },
    },
  );
}

function secretUnsupported(spec: KernelSpec): CurveKernelError {
  return new CurveKernelError(
    'encryption-unsupported',
    `The kernel "${spec.name}" does not take its secret key from the environment: metadata.jupyter_curve.secret_by_environment of its kernel.json is not true.`,
    { hint: 'Leave the secret in the connection file (secretBy "file").', data: { name: spec.name } },
  );
}
