import type { KernelSpec } from '../launch/kernelspec.js';
import { isObject } from '../support/is-object.js';

/** Who encrypts: the kernel itself, the relay of jupyter-curve in front of it, or neither. */
export type KernelKind = 'native' | 'relayed' | 'plain';

/** The name of the kernel behind a kernelspec of `jupyter-curve wrap`, from `metadata.jupyter_curve.relays`; undefined for others. */
export function relayedName({ metadata }: Pick<KernelSpec, 'metadata'>): string | undefined {
  const ours = metadata['jupyter_curve'];
  const relays = isObject(ours) ? ours['relays'] : undefined;
  if (!isObject(relays)) return undefined;
  return typeof relays['name'] === 'string' ? relays['name'] : 'unknown';
}

/** Whether jupyter-curve serves the kernels of this kernelspec: they take requests about access. */
export const isServedHere = ({ metadata }: Pick<KernelSpec, 'metadata'>): boolean =>
  isObject(metadata['jupyter_curve']);

/** Who encrypts the kernels of this kernelspec, by what it says of itself. */
export function kernelKind(spec: KernelSpec): KernelKind {
  if (relayedName(spec) !== undefined) return 'relayed';
  return spec.supportsCurve ? 'native' : 'plain';
}
