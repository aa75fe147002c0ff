import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { CurveKernelError } from '../../errors.js';
import { jupyterPaths } from '../../launch/jupyter-paths.js';
import { findPythonPrefix } from '../../launch/python-prefix.js';

/** Which of Jupyter's folders a kernelspec is in, and by what name. */
export interface KernelspecLocation {
  readonly user: boolean;
  readonly 'sys-prefix': boolean;
  readonly prefix: string | undefined;
  readonly name: string;
}

/** The options that name a place, alike for `install` and `uninstall`, and alike to those of `jupyter kernelspec install`. */
export function locationOptions<T>(yargs: Argv<T>): Argv<T & KernelspecLocation> {
  return yargs
    .option('user', { type: 'boolean', default: false, describe: 'In your own Jupyter folder (the default)' })
    .option('sys-prefix', { type: 'boolean', default: false, describe: 'In the active Python environment' })
    .option('prefix', { type: 'string', requiresArg: true, describe: 'In DIR/share/jupyter/kernels' })
    .option('name', { type: 'string', default: 'typescript', requiresArg: true, describe: "The kernel's name" })
    .check((place) => {
      const { user, sysPrefix, prefix } = place;
      if (Number(user) + Number(sysPrefix) + Number(prefix !== undefined) <= 1) return true;
      throw new CurveKernelError('usage', 'only one of --user, --sys-prefix and --prefix can be given', {
        hint: 'leave out all three to install for yourself',
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
    throw new CurveKernelError('usage', `"${place.name}" cannot be a kernel's name`, {
      hint: 'use lower-case letters, digits, ".", "_" and "-", and no "." at the start',
    });
  }
  return join(await dataFolder(place, env), 'kernels', place.name);
}

async function dataFolder(
  { prefix, 'sys-prefix': sysPrefix }: KernelspecLocation,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (prefix !== undefined) return join(resolve(prefix), 'share', 'jupyter');
  if (!sysPrefix) return (await jupyterPaths({ env })).userData;
  const python = await findPythonPrefix(env);
  if (python !== undefined) return join(python.path, 'share', 'jupyter');
  throw new CurveKernelError('install-failed', 'no Python environment is active, and no python is on the PATH', {
    hint: 'activate the environment, or name its folder with --prefix',
  });
}
