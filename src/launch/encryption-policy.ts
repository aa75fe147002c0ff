import type { Transport } from '../connection/connection-info.js';
import { CurveKernelError } from '../errors.js';
import type { KernelSpec } from './kernelspec.js';
import { relayedKernelSpec, whyNotRelayed } from './relayed-spec.js';
import { isObject } from '../support/is-object.js';

/**
 * Policy for Curve keys of kernels that are started: the three values of JEP 145, and `native`. A kernel that cannot encrypt runs behind the relay
 * under `auto` and `required`; `native` insists on the kernel's own encryption.
 */
export type TransportEncryption = 'disabled' | 'auto' | 'required' | 'native';

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

/** What decides about one kernel. */
export interface EncryptionRequest {
  readonly policy: TransportEncryption;
  readonly transport: Transport;
  readonly secretBy: SecretBy;
  /** Why it cannot run behind the relay, if that was tried. */
  readonly relayFailure?: string | undefined;
}

/** Decision for one kernel. */
export interface EncryptionDecision {
  readonly encrypt: boolean;
  /** The kernelspec to start: that of the kernel, or one of the relay that runs it. */
  readonly spec: KernelSpec;
  /** Set when `auto` falls back to plain text over tcp. */
  readonly warning?: ManagerWarning;
}

const POLICIES: readonly string[] = ['disabled', 'auto', 'required', 'native'] satisfies readonly TransportEncryption[];

/**
 * Decides, before anything is started, whether a kernel gets keys. `auto` without keys is a warning on tcp only: an ipc socket lies in a
 * folder that is closed to other users.
 *
 * @throws CurveKernelError `encryption-unsupported` when the kernelspec does not advertise what is required; TypeError for an unknown
 *   policy.
 */
export function decideEncryption(
  spec: KernelSpec,
  { policy, transport, secretBy, relayFailure }: EncryptionRequest,
): EncryptionDecision {
  if (!POLICIES.includes(policy)) throw new TypeError(`transportEncryption must be one of ${POLICIES.join(', ')}.`);
  if (policy === 'disabled') return { encrypt: false, spec };
  if (spec.supportsCurve) {
    const promises = spec.metadata['jupyter_curve'];
    const takesVariable = isObject(promises) && promises['secret_by_environment'] === true;
    if (secretBy === 'environment' && !takesVariable) {
      const problem = `The kernel "${spec.name}" does not take its secret key from the environment: metadata.jupyter_curve.secret_by_environment of its kernel.json is not true.`;
      throw unsupportedError(spec, problem, 'Leave the secret in the connection file (secretBy "file").');
    }
    return { encrypt: true, spec };
  }
  const why = relayFailure ?? whyNotRelayed(spec);
  if (policy !== 'native' && why === undefined) return { encrypt: true, spec: relayedKernelSpec(spec) };
  if (policy !== 'auto') {
    const problem = `Encryption is required, and the kernel "${spec.name}" does not advertise it: metadata.supported_encryption of its kernel.json does not name "curve"${policy === 'required' ? `; and it ${why}` : ''}.`;
    const hint =
      'Update the kernel and install its kernelspec again, or allow plain text with transport encryption "auto".';
    throw unsupportedError(spec, problem, hint);
  }
  if (transport === 'ipc') return { encrypt: false, spec };
  const message = `The kernel "${spec.name}" does not advertise Curve, and ${why}: code and output travel as plain text over tcp.`;
  const hint =
    'Update the kernel and install its kernelspec again; "--transport-encryption required" (transportEncryption in the library) refuses such kernels.';
  return { encrypt: false, spec, warning: { code: 'encryption-unavailable', message, hint } };
}

function unsupportedError({ name, resourceDir }: KernelSpec, problem: string, hint: string): CurveKernelError {
  return new CurveKernelError('encryption-unsupported', problem, { hint, data: { name, resourceDir } });
}
