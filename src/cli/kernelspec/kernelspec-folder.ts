import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { CurveKernelError } from '../../errors.js';
import { jupyterPaths } from '../../launch/jupyter-paths.js';
import { findPythonPrefix } from '../../launch/python-prefix.js';

/** The options that say where kernelspecs are. */
export interface KernelspecPlace {
  readonly user: boolean;
  readonly 'sys-prefix': boolean;
  readonly prefix: string | undefined;
}

/** The options that name the folder of a kernelspec. */
export interface KernelspecLocation extends KernelspecPlace {
  readonly name: string;
}

/** Adds the options of {@link KernelspecLocation}, the same as those of `jupyter kernelspec install`. */
export function locationOptions<T>(yargs: Argv<T>): Argv<T & KernelspecLocation> {
  return placeOptions(yargs).option('name', {
    type: 'string',
    default: 'typescript',
    requiresArg: true,
    describe: 'Name of the kernel',
  });
}

/** Adds the options of {@link KernelspecPlace}. */
export function placeOptions<T>(yargs: Argv<T>): Argv<T & KernelspecPlace> {
  return yargs
    .option('user', { type: 'boolean', default: false, describe: 'Use your own Jupyter data folder (the default)' })
    .option('sys-prefix', { type: 'boolean', default: false, describe: 'Use the active Python environment' })
    .option('prefix', { type: 'string', requiresArg: true, describe: 'Use the folder PREFIX/share/jupyter/kernels' })
    .check((place) => {
      const { user, sysPrefix, prefix } = place;
      if (Number(user) + Number(sysPrefix) + Number(prefix !== undefined) <= 1) return true;
      throw new CurveKernelError('usage', 'Only one of --user, --sys-prefix and --prefix can be given.', {
        hint: 'Leave out all three to use your own Jupyter folder.',
      });
    });
}

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
