import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CurveKernelError } from '../errors.js';
import { errnoOf } from '../keys/private-file.js';

/** Makes the folder that a file of a kernel is to be in, if it is not there. @throws CurveKernelError `connection-file-unwritable`. */
export async function makeFolderOf(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const problem = `cannot be written: its folder cannot be made (${errnoOf(cause)})`;
    const hint =
      'Name a file elsewhere, or set JUPYTER_RUNTIME_DIR or JUPYTER_DATA_DIR to a folder that you may write to.';
    throw fileUnwritableError(file, problem, hint, cause);
  });
}

/** The error for a file of a kernel that cannot be written where it should be. */
export function fileUnwritableError(file: string, problem: string, hint: string, cause?: unknown): CurveKernelError {
  const message = `The connection file ${file} ${problem}.`;
  return new CurveKernelError('connection-file-unwritable', message, { hint, cause, data: { file } });
}
