import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CurveKernelError } from '../errors.js';
import { errorCode } from '../support/system-error.js';

/** Creates the folder of a file if needed, with mode 0700. @throws CurveKernelError `connection-file-unwritable`. */
export async function makeFolderOf(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const problem = `cannot be written: its folder cannot be created (${errorCode(cause)})`;
    const hint =
      'Name a file elsewhere, or set JUPYTER_RUNTIME_DIR or JUPYTER_DATA_DIR to a folder that you may write to.';
    throw fileUnwritableError(file, problem, hint, cause);
  });
}

/** The error for a connection file that cannot be written. */
export function fileUnwritableError(file: string, problem: string, hint: string, cause?: unknown): CurveKernelError {
  const message = `The connection file ${file} ${problem}.`;
  return new CurveKernelError('connection-file-unwritable', message, { hint, cause, data: { file } });
}

/** Removes files and empty folders. Failures are ignored. */
export async function removeLeftovers(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await rm(path, { force: true }).catch(() => rmdir(path).catch(() => undefined));
  }
}
