import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import { isObject } from '../../support/is-object.js';
import { errorCode } from '../../support/system-error.js';

/** Owner of a kernelspec's folder; `ours`: `jupyter-curve install` made it, under any name. */
export type Ownership = 'none' | 'ours' | 'foreign';

/** Finds the owner of `folder` by the mark that `install` leaves in `metadata.jupyter_curve`. */
export async function ownership(folder: string): Promise<Ownership> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return 'none';
  try {
    const spec: unknown = JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'));
    const metadata = isJsonObject(spec) ? spec['metadata'] : undefined;
    return isJsonObject(metadata) && isJsonObject(metadata['jupyter_curve']) ? 'ours' : 'foreign';
  } catch {
    return 'foreign';
  }
}

/** The error for a folder that `jupyter-curve install` did not make. */
export function foreignKernelspecError(folder: string, advice: string): CurveKernelError {
  return new CurveKernelError('install-failed', `The kernel in ${folder} was not installed by jupyter-curve.`, {
    hint: advice,
    data: { folder },
  });
}

/** The error for a failed change of a folder; any other error as it is. */
export function fileSystemError(folder: string, cause: unknown): unknown {
  if (!isObject(cause) || typeof cause['code'] !== 'string' || cause instanceof CurveKernelError) return cause;
  return new CurveKernelError('install-failed', `The folder ${folder} cannot be changed (${errorCode(cause)}).`, {
    hint: 'Check that you may write there, or choose another folder with --user, --sys-prefix or --prefix.',
    cause,
    data: { folder },
  });
}
