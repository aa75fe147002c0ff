import { chmod, copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { readWrappedSpec, relayedBy, relayedSpec, whyNotRelayed } from '../../launch/relayed-spec.js';

/** Options of {@link writeWrappedSpec}. */
export interface WrappedSpecOptions {
  readonly original: KernelSpec;
  readonly name: string;
  /** Further arguments of `relay`. */
  readonly options: readonly string[];
}

/** What a front end shows of a kernel. */
const SHOWN_FILE = /^(?:logo-.*\.(?:png|svg)|kernel\.(?:js|css))$/;

/**
 * Finds the kernel to wrap; where that name is a relay already, the kernel behind it.
 *
 * @throws CurveKernelError `kernelspec-missing`, `kernelspec-invalid`; `usage` for a kernel that cannot be wrapped, or need not be.
 */
export async function findWrappable(name: string, force: boolean): Promise<KernelSpec> {
  const found = await findKernelSpec(name);
  const relayed = relayedBy(found);
  const spec = relayed === undefined ? found : await readWrappedSpec(relayed.spec);
  const problem = whyNotRelayed(spec);
  if (problem !== undefined)
    throw refused(spec, problem, 'Only kernels that a front end starts on this machine can be wrapped.');
  if (spec.supportsCurve && !force) {
    throw refused(spec, 'can encrypt itself', 'Wrap it with --force if you want the access control of jupyter-curve.');
  }
  return spec;
}

/** Writes the kernelspec of a relay, and what front ends show of the original, into `draft`. */
export async function writeWrappedSpec(draft: string, options: WrappedSpecOptions): Promise<void> {
  const { original } = options;
  const isSame = options.name === original.name;
  const spec = {
    ...relayedSpec(original, options.options),
    display_name: isSame ? original.displayName : `${original.displayName} (encrypted)`,
  };
  // Independent of the umask: a user who could write here could make front ends run another command.
  await writeFile(join(draft, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`, { mode: 0o644 });
  for (const file of await readdir(original.resourceDir).catch(() => [])) {
    if (!SHOWN_FILE.test(file)) continue;
    await copyFile(join(original.resourceDir, file), join(draft, file));
    await chmod(join(draft, file), 0o644);
  }
}

const refused = (spec: KernelSpec, problem: string, hint: string): CurveKernelError =>
  new CurveKernelError('usage', `The kernel "${spec.name}" ${problem}.`, { hint, data: { name: spec.name } });
