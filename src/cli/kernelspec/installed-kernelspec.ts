import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { errorCode } from '../../support/system-error.js';

/** Whose a kernelspec's folder is: `ours` was made by `jupyter-curve install`, whatever its name. */
export type Ownership = 'none' | 'ours' | 'foreign';

/** Looks whose `folder` is, by the mark that {@link installCommand} leaves in `metadata.jupyter_curve`. */
export async function ownership(folder: string): Promise<Ownership> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return 'none';
  try {
    const spec: unknown = JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'));
    const metadata = property(spec, 'metadata');
    return typeof property(metadata, 'jupyter_curve') === 'object' ? 'ours' : 'foreign';
  } catch {
    return 'foreign';
  }
}

/** The refusal to touch what somebody else installed. */
export function foreignKernelspecError(folder: string, advice: string): CurveKernelError {
  return new CurveKernelError('install-failed', `${folder} is not a kernel of jupyter-curve`, {
    hint: advice,
    data: { folder },
  });
}

/** The error for what the file system refuses. */
export function fileSystemError(folder: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (typeof code !== 'string' || cause instanceof CurveKernelError) return cause;
  return new CurveKernelError('install-failed', `${folder} cannot be changed (${code})`, {
    hint: 'check that you may write there, or choose another place with --user, --sys-prefix or --prefix',
    cause,
    data: { folder },
  });
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
