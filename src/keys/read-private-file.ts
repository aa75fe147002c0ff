import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import {
  INSECURE_HINT,
  type PrivateFileKind,
  currentUser,
  fileSystemError,
  formatMode,
  isInsecureAllowed,
  isTrustedOwner,
  privateFileError,
} from './private-file.js';
import { isFilePrivate } from './folder-privacy.js';
import { errorCode } from '../support/system-error.js';

/** Options of {@link readPrivateFile}. */
export interface ReadPrivateFileOptions {
  readonly kind: PrivateFileKind;
  /** Larger files are refused. */
  readonly maxBytes: number;
  /** Only a file of this user: root refuses what others own as well. Default: root reads it. */
  readonly ownOnly?: boolean;
  /** Whether this text may be read by this user only. Default: every text. */
  readonly isSecret?: (text: string) => boolean;
}

// Constants that a platform lacks are undefined, which counts as 0. Non-blocking, so that a FIFO cannot hold us.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * The UTF-8 text of a file that no other user may change and, if it is secret, no other user may read: by its own mode, or because a folder above
 * it is closed to others (see {@link isFilePrivate}), or else by the user's word (see {@link isInsecureAllowed}).
 *
 * All checks are made on the opened file, so replacing it meanwhile changes nothing. As `ssh` does with its keys, a file
 * that belongs to root and that our group may read is accepted: containers are given secrets that way. For the same
 * reason a symbolic link is followed, provided that this user or root made it.
 *
 * Throws `…-missing`, `…-unreadable`, `…-unsafe`, and `…-invalid` for a file that is too large or not UTF-8.
 */
export async function readPrivateFile(file: string, options: ReadPrivateFileOptions): Promise<string> {
  const { kind, maxBytes, isSecret = () => true, ownOnly = false } = options;
  const handle = await openExisting(file, kind);
  let bytes: Uint8Array;
  let stats: Stats;
  try {
    stats = await handle.stat();
    refuseUntrusted(file, kind, stats, ownOnly);
    if ((stats.mode & 0o022) !== 0) await refuseExposed(file, kind, stats, 'can be changed by other users');
    bytes = await readAtMost(handle, maxBytes + 1);
  } catch (cause) {
    throw fileSystemError(kind, 'read', file, cause);
  } finally {
    await handle.close();
  }
  if (bytes.byteLength > maxBytes) {
    throw privateFileError(kind, 'invalid', file, `has more than ${maxBytes} bytes`, 'Is it the right file?');
  }
  const text = decode(file, kind, bytes);
  if (isReadable(stats) && isSecret(text)) {
    await refuseExposed(file, kind, stats, 'holds a secret that other users can read');
  }
  return text;
}

async function openExisting(file: string, kind: PrivateFileKind): Promise<FileHandle> {
  try {
    try {
      return await open(file, FLAGS | constants.O_NOFOLLOW);
    } catch (error) {
      if (!['ELOOP', 'EMLINK'].includes(errorCode(error))) throw error;
      const link = await lstat(file);
      if (link.isSymbolicLink() && !isTrustedOwner(link)) {
        throw privateFileError(kind, 'unsafe', file, 'is a symbolic link that another user made', REPLACE_HINT);
      }
      return await open(file, FLAGS);
    }
  } catch (cause) {
    throw fileSystemError(kind, 'read', file, cause);
  }
}

const REPLACE_HINT = 'Find out who put it there, then name the real file.';

function refuseUntrusted(file: string, kind: PrivateFileKind, stats: Stats, ownOnly: boolean): void {
  if (!stats.isFile()) throw privateFileError(kind, 'unsafe', file, 'is not a regular file', 'Name a regular file.');
  if (currentUser() === undefined) return;
  // Root reads what others own when a container is given the files of the user outside.
  const trusted = ownOnly ? stats.uid === currentUser() : currentUser() === 0 || isTrustedOwner(stats);
  if (!trusted) {
    throw privateFileError(kind, 'unsafe', file, 'belongs to another user', REPLACE_HINT);
  }
}

/** Whether the file's own mode lets others read it. */
function isReadable(stats: Stats): boolean {
  const user = currentUser();
  return user !== undefined && (stats.mode & (stats.uid === user ? 0o044 : 0o004)) !== 0;
}

async function refuseExposed(file: string, kind: PrivateFileKind, stats: Stats, what: string): Promise<void> {
  if (currentUser() === undefined || (await isFilePrivate(file, stats))) return;
  const problem = `${what} (mode ${formatMode(stats.mode)})`;
  if (isInsecureAllowed(file, problem)) return;
  const hint = `Run \`chmod 600 '${file}'\`, and make new keys if other people use this machine; ${INSECURE_HINT}`;
  throw privateFileError(kind, 'unsafe', file, problem, hint);
}

async function readAtMost(handle: FileHandle, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function decode(file: string, kind: PrivateFileKind, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw privateFileError(kind, 'invalid', file, 'is not UTF-8 text', 'Is it the right file?');
  }
}
