import { resolve } from 'node:path';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import type { StartKernelOptions } from '../../manager/lifecycle/start-kernel.js';
import { SHARING_OPTIONS, type SharingArguments } from '../options/sharing-options.js';
import { usageError } from '../output/usage-error.js';

/**
 * Finds kernelspecs, and appends the sharing options that were given to their `argv`.
 *
 * @throws CurveKernelError `usage` if there are any and the kernel is not one of jupyter-curve: others do not know these options.
 */
export function findSharedKernelspec(args: SharingArguments): NonNullable<StartKernelOptions['findKernelSpec']> {
  const options = sharingArguments(args);
  return async (name) => {
    const spec = await findKernelSpec(name);
    if (options.length === 0) return spec;
    if (typeof spec.metadata['jupyter_curve'] === 'object') return { ...spec, argv: withOptions(spec.argv, options) };
    throw usageError(
      `The kernel "${name}" is not one of jupyter-curve, and only these take --policy, --authorized-clients, --audit, --reauth and --verify.`,
      'start',
    );
  };
}

/** The sharing options that were given, as arguments that mean the same in any working directory. */
export function sharingArguments(args: SharingArguments): readonly string[] {
  const given = Object.entries(args).filter(
    ([name, value]) => Object.hasOwn(SHARING_OPTIONS, name) && value !== undefined,
  );
  return given.map(([name, value = '']) => `--${name}=${name === 'reauth' ? value : resolve(value)}`);
}

/** Of a relay, what follows `--` is for the kernel behind it, which knows nothing of these. */
function withOptions(argv: readonly string[], options: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? [...argv, ...options] : argv.toSpliced(end, 0, ...options);
}
