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
  const isMissing = errno === 'ENOENT' || errno === 'ENOTDIR';
  const fail = (what: 'missing' | 'unreadable' | 'unwritable', problem: string, hint: string): CurveKernelError =>
    privateFileError(kind, what, file, problem, hint, cause);
  if (doing === 'read') {
    return isMissing
      ? fail('missing', 'does not exist', 'Check the path.')
      : fail('unreadable', `cannot be read (${errno})`, 'Check its permissions.');
  }
  if (errno === 'EEXIST') return fail('unwritable', 'exists already', 'Use another name, or remove it first.');
  return isMissing
    ? fail('unwritable', 'cannot be written: its folder does not exist', 'Make the folder.')
    : fail('unwritable', `cannot be written (${errno})`, 'Check the folder and the disk.');
}

/** The variable of `jupyter_core` for file systems without modes, such as WSL and CIFS. */
const INSECURE_VARIABLE = 'JUPYTER_ALLOW_INSECURE_WRITES';

/** The end of a hint, where a mode was refused. */
export const INSECURE_HINT = `where files have no modes, ${INSECURE_VARIABLE}=1 uses them as they are.`;

/** Files that were warned about: a watched file is read again and again. */
const warned = new Set<string>();

/**
 * Whether {@link INSECURE_VARIABLE} allows the use of files that other users can read or change. The first time for each `file`, it emits a
 * warning of the process with `problem`.
 */
export function isInsecureAllowed(file: string, problem: string): boolean {
  if (!/^(?:true|1)$/i.test(process.env[INSECURE_VARIABLE] ?? '')) return false;
  if (!warned.has(file)) {
    warned.add(file);
    process.emitWarning(`${file} ${problem}; it is used because ${INSECURE_VARIABLE} is set`, 'JupyterCurveWarning');
  }
  return true;
}
