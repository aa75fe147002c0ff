import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFilePrivate, isFolderPrivate } from '../keys/folder-privacy.js';
import { currentUser, formatMode } from '../keys/private-file.js';

/** The accounts that can read a file, by its mode and the folders above it. Root can read every file, and is not counted. */
export interface FileReaders {
  /** In octal, such as `0600`; undefined where files have no modes (Windows). */
  readonly mode?: string;
  readonly owner: 'this user' | 'root' | 'another user' | 'unknown';
  /** `group` and `every user`: by its mode, and no folder above it is closed to them. */
  readonly readableBy: 'its owner' | 'group' | 'every user' | 'unknown';
  /** The mode lets others read it, and a folder above does not let them in. */
  readonly closedFolder: boolean;
  /** Others can change it, by its mode and the folders above. */
  readonly writableByOthers: boolean;
}

/** Finds the readers of a file, or of a folder's list of names. Follows links. Rejects with the error of the system. */
export async function findReaders(file: string, known?: Stats): Promise<FileReaders> {
  const stats = known ?? (await stat(file));
  if (currentUser() === undefined) {
    return { owner: 'unknown', readableBy: 'unknown', closedFolder: false, writableByOthers: false };
  }
  const open = (stats.mode & 0o066) !== 0;
  const closedFolder = open && (await isClosed(file, stats));
  return {
    mode: formatMode(stats.mode),
    owner: ownerOf(stats.uid),
    readableBy: closedFolder ? 'its owner' : readersOf(stats.mode),
    closedFolder,
    writableByOthers: (stats.mode & 0o022) !== 0 && !closedFolder,
  };
}

const isClosed = async (file: string, stats: Stats): Promise<boolean> =>
  stats.isDirectory() ? isFolderPrivate(dirname(await realpath(file))) : isFilePrivate(file, stats);

/** Readers in words: `only its owner, this user (mode 0600)`. */
export function describeReaders({ mode, owner, readableBy, closedFolder }: FileReaders): string {
  if (readableBy === 'unknown') return 'not known: files have no modes here';
  const who = { 'its owner': 'only its owner', group: 'its owner and its group', 'every user': 'every user' }[
    readableBy
  ];
  const folder = closedFolder ? ', in a folder that is closed to others' : '';
  return `${who}${readableBy === 'every user' ? '; it belongs to' : ','} ${owner} (mode ${mode ?? ''}${folder})`;
}

const ownerOf = (uid: number): FileReaders['owner'] =>
  uid === currentUser() ? 'this user' : uid === 0 ? 'root' : 'another user';

const readersOf = (mode: number): FileReaders['readableBy'] =>
  (mode & 0o004) !== 0 ? 'every user' : (mode & 0o040) !== 0 ? 'group' : 'its owner';
