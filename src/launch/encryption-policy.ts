import type { Transport } from '../connection/connection-info.js';
import { CurveKernelError } from '../errors.js';
import type { KernelSpec } from './kernelspec.js';
import { isObject } from '../support/is-object.js';

/** Policy for Curve keys of kernels that are started; the three values of JEP 145. */
export type TransportEncryption = 'disabled' | 'auto' | 'required';

/** Where a kernel finds its secret key: in the connection file (JEP 145), or only in its environment. */
export type SecretBy = 'file' | 'environment';

/** A problem that the user should know of and that does not stop the work. */
export interface ManagerWarning {
  readonly code: 'encryption-unavailable' | 'kernelspec-invalid';
  /** What was found, as one sentence. */
  readonly message: string;
  /** What to do about it, as one sentence. */
  readonly hint: string;
}

/** Decision for one kernel. */
export interface EncryptionDecision {
  readonly encrypt: boolean;
  /** Set when `auto` falls back to plain text over tcp. */
  readonly warning?: ManagerWarning;
}

const POLICIES: readonly string[] = ['disabled', 'auto', 'required'] satisfies readonly TransportEncryption[];

/**
 * Decides, before anything is started, whether a kernel gets keys. `auto` without keys is a warning on tcp only: an ipc socket lies in a
 * folder that is closed to other users.
 *
 * @throws CurveKernelError `encryption-unsupported` when the kernelspec does not advertise what is required; TypeError for an unknown
 *   policy.
 */
export function decideEncryption(
  spec: KernelSpec,
  { policy, transport, secretBy }: { policy: TransportEncryption; transport: Transport; secretBy: SecretBy },
): EncryptionDecision {
  if (!POLICIES.includes(policy)) throw new TypeError(`transportEncryption must be one of ${POLICIES.join(', ')}.`);
  if (policy === 'disabled') return { encrypt: false };
  if (spec.supportsCurve) {
    const promises = spec.metadata['jupyter_curve'];
    const takesVariable = isObject(promises) && promises['secret_by_environment'] === true;
    if (secretBy === 'environment' && !takesVariable) {
      const problem = `The kernel "${spec.name}" does not take its secret key from the environment: metadata.jupyter_curve.secret_by_environment of its kernel.json is not true.`;
      throw unsupportedError(spec, problem, 'Leave the secret in the connection file (secretBy "file").');
    }
    return { encrypt: true };
  }
  if (policy === 'required') {
    const problem = `Encryption is required, and the kernel "${spec.name}" does not advertise it: metadata.supported_encryption of its kernel.json does not name "curve".`;
    const hint =
      'Update the kernel and install its kernelspec again, or allow plain text with transport encryption "auto".';
    throw unsupportedError(spec, problem, hint);
  }
  if (transport === 'ipc') return { encrypt: false };
  const message = `The kernel "${spec.name}" does not advertise Curve: code and output travel as plain text over tcp.`;
  const hint =
    'Update the kernel and install its kernelspec again; "--transport-encryption required" (transportEncryption in the library) refuses such kernels.';
  return { encrypt: false, warning: { code: 'encryption-unavailable', message, hint } };
}

function unsupportedError({ name, resourceDir }: KernelSpec, problem: string, hint: string): CurveKernelError {
  return new CurveKernelError('encryption-unsupported', problem, { hint, data: { name, resourceDir } });
}
