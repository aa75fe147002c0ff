import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { currentUser, isTrustedOwner } from './private-file.js';

/**
 * Whether no other user can open a file by its name, whatever its own mode: one of the folders above it is closed to them. Front ends
 * write connection files with the umask (0644) into Jupyter's runtime folder (0700).
 *
 * `opened` is the result of `fstat` on the opened file. False where the name leads elsewhere by now, and where the file has a second name, which
 * may be in an open folder. Access lists are not read: on Linux they show in the mode, as the rights of the group.
 */
export async function isFilePrivate(file: string, opened: Stats): Promise<boolean> {
  if (opened.nlink > 1) return false;
  try {
    const path = await realpath(file);
    const found = await lstat(path);
    return found.ino === opened.ino && found.dev === opened.dev && (await isClosed(dirname(path), opened.uid));
  } catch {
    // It is being moved or removed.
    return false;
  }
}

/** Whether no other user can enter `folder`, which is a real path, because it or a folder above it is closed to them. */
export async function isFolderPrivate(folder: string): Promise<boolean> {
  return isClosed(folder, currentUser()).catch(() => false);
}

/**
 * Every folder up to the root belongs to this user, to root, or (as root reads what a user outside a container owns) to `owner`; one of them may not
 * be entered by others; and no other user can replace that one in the folders above it.
 */
async function isClosed(folder: string, owner: number | undefined): Promise<boolean> {
  const user = currentUser();
  if (user === undefined) return true;
  let closed = false;
  for (let at = folder; ; at = dirname(at)) {
    const stats = await lstat(at);
    const trusted = isTrustedOwner(stats) || (user === 0 && stats.uid === owner);
    // A link has come in place of a folder since the path was resolved.
    if (!stats.isDirectory() || !trusted) return false;
    if (closed && isReplaceableByOthers(stats)) return false;
    closed ||= (stats.mode & 0o011) === 0;
    if (at === dirname(at)) return closed;
  }
}

/** Whether other users can replace the files in a folder: they may write to it, and it is not sticky. */
export const isReplaceableByOthers = ({ mode }: Pick<Stats, 'mode'>): boolean =>
  (mode & 0o022) !== 0 && (mode & 0o1000) === 0;

/** Whether only this user and root can create files in `folder`: no other user can write to it, sticky or not. */
export async function isOwnFolder(folder: string): Promise<boolean> {
  if (currentUser() === undefined) return true;
  try {
    const path = await realpath(folder);
    const stats = await lstat(path);
    return isTrustedOwner(stats) && ((stats.mode & 0o022) === 0 || (await isFolderPrivate(path)));
  } catch {
    return false;
  }
}
