import { resolve } from 'node:path';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import type { StartKernelOptions } from '../../manager/lifecycle/start-kernel.js';
import type { AccessArguments } from '../options/sharing-options.js';
import { usageError } from '../output/usage-error.js';

/**
 * Finds kernelspecs, and makes what was given of the access options part of their command. Throws `usage` where there is something given and
 * the kernel is not ours, for others do not know these options.
 */
export function findSharedKernelspec(args: AccessArguments): NonNullable<StartKernelOptions['findKernelSpec']> {
  const options = [
    ...option('authorized-clients', place(args['authorized-clients'])),
    ...option('policy', place(args.policy)),
    ...option('audit', place(args.audit)),
    ...option('reauth', args.reauth),
    ...option('verify', place(args.verify)),
  ];
  return async (name) => {
    const spec = await findKernelSpec(name);
    if (options.length === 0) return spec;
    if (typeof spec.metadata['jupyter_curve'] === 'object') return { ...spec, argv: [...spec.argv, ...options] };
    throw usageError(`the kernel "${name}" is not one of jupyter-curve, which --policy and the like are for`, 'start');
  };
}

const place = (file: string | undefined): string | undefined => file && resolve(file);

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [`--${name}=${value}`];
