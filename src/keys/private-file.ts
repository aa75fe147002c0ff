import type { Stats } from 'node:fs';
import { CurveKernelError } from '../errors.js';
import { errorCode } from '../support/system-error.js';

/** The kind of a private file: the beginning of the code of every error about one. */
export type PrivateFileKind = 'key-file' | 'connection-file';

/** An error about a private file: `The connection file /a/b <problem>.` with `{file}` as data. */
export function privateFileError(
  kind: PrivateFileKind,
  what: 'missing' | 'unreadable' | 'unwritable' | 'unsafe' | 'invalid',
  file: string,
  problem: string,
  hint: string,
  cause?: unknown,
): CurveKernelError {
  const code = kind === 'key-file' && what === 'invalid' ? 'key-file-invalid' : (`${kind}-${what}` as const);
  return new CurveKernelError(code, `The ${kind.replace('-', ' ')} ${file} ${problem}.`, {
    hint,
    cause,
    data: { file },
  });
}

/** The user this process acts for; undefined where files have no owners, as on Windows: no owner or mode is checked there. */
export const currentUser = (): number | undefined => process.geteuid?.();

/** Whether a file, folder or symbolic link belongs to this user or to root. */
export function isTrustedOwner(owner: Pick<Stats, 'uid'>): boolean {
  const user = currentUser();
  return user === undefined || owner.uid === user || owner.uid === 0;
}

/** `0644` for a file that has that mode. */
export const formatMode = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** The error for what the file system refused. A {@link CurveKernelError} stays as it is. */
export function fileSystemError(
  kind: PrivateFileKind,
  doing: 'read' | 'write',
  file: string,
  cause: unknown,
): CurveKernelError {
  if (cause instanceof CurveKernelError) return cause;
  const errno = errorCode(cause);
  const missing = errno === 'ENOENT' || errno === 'ENOTDIR';
  if (doing === 'read') {
    return missing
      ? privateFileError(kind, 'missing', file, 'does not exist', 'Check the path.', cause)
      : privateFileError(kind, 'unreadable', file, `cannot be read (${errno})`, 'Check its permissions.', cause);
  }
  if (errno === 'EEXIST') {
    return privateFileError(kind, 'unwritable', file, 'exists already', 'Use another name, or remove it first.', cause);
  }
  return missing
    ? privateFileError(
        kind,
        'unwritable',
        file,
        'cannot be written: its folder does not exist',
        'Make the folder.',
        cause,
      )
    : privateFileError(
        kind,
        'unwritable',
        file,
        `cannot be written (${errno})`,
        'Check the folder and the disk.',
        cause,
      );
}
