import { join, resolve } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { jupyterPaths } from '../../launch/jupyter-paths.js';
import { findPythonPrefix } from '../../launch/python-prefix.js';
import type { Values } from '../command.js';
import { flag, text } from '../options/option.js';

/** The options that say where kernelspecs are, the same as those of `jupyter kernelspec install`. */
export const PLACE_OPTIONS = {
  user: flag('Use your own Jupyter data folder (the default)'),
  'sys-prefix': flag('Use the active Python environment'),
  prefix: text('Use the folder PREFIX/share/jupyter/kernels'),
} as const;

/** The options that name the folder of a kernelspec. */
export const LOCATION_OPTIONS = {
  ...PLACE_OPTIONS,
  name: { ...text('Name of the kernel'), default: 'typescript' },
} as const;

/** The values of {@link PLACE_OPTIONS}. */
export type KernelspecPlace = Values<typeof PLACE_OPTIONS>;

/** The values of {@link LOCATION_OPTIONS}. */
export type KernelspecLocation = Values<typeof LOCATION_OPTIONS>;

/**
 * The folder of a kernelspec, by Jupyter's own rules.
 *
 * @throws CurveKernelError `usage` for a name that Jupyter would not list; `install-failed` without a Python environment.
 */
export async function kernelspecFolder(place: KernelspecLocation, env = process.env): Promise<string> {
  if (!/^[a-z0-9_-][a-z0-9._-]*$/.test(place.name)) {
    throw new CurveKernelError('usage', `"${place.name}" cannot be the name of a kernel.`, {
      hint: 'Use lower-case letters, digits, ".", "_" and "-", and no "." at the start.',
    });
  }
  return join(await dataFolder(place, env), 'kernels', place.name);
}

async function dataFolder(
  { prefix, 'sys-prefix': sysPrefix }: KernelspecPlace,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (prefix !== undefined) return join(resolve(prefix), 'share', 'jupyter');
  if (!sysPrefix) return (await jupyterPaths({ env })).userData;
  const python = await findPythonPrefix(env);
  if (python !== undefined) return join(python.path, 'share', 'jupyter');
  throw new CurveKernelError('install-failed', 'No Python environment is active, and no python is on the PATH.', {
    hint: 'Activate the environment, or name its folder with --prefix.',
  });
}
