import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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
import { isFolderPrivate, isReplaceableByOthers } from './folder-privacy.js';
import { errorCode } from '../support/system-error.js';

/** Options of {@link writePrivateFile}. */
export interface WritePrivateFileOptions {
  readonly kind: PrivateFileKind;
  /** Replace a file of that name, in one step. Otherwise there must be none. */
  readonly replace: boolean;
  /** Wait until the bytes are on the disk, for files that outlive the machine's next crash. */
  readonly durable?: boolean;
}

const EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes `text` into a file that only this user can read and write (0600, whatever the umask says).
 *
 * The text goes into a new file, created exclusively; to replace an old one, under a random name beside it and then
 * renamed, so that no reader ever sees half a file. Nothing is left behind when that fails.
 *
 * Throws `…-unsafe` when others could interfere (the folder belongs to another user, or others may write to it, it is
 * not sticky, and no folder above it is closed to them; see {@link isInsecureAllowed} for file systems without modes) or when the name stands for something that should not be replaced (a symbolic or hard link, a FIFO,
 * another user's file), and `…-unwritable` for everything the system refuses.
 */
export async function writePrivateFile(file: string, text: string, options: WritePrivateFileOptions): Promise<void> {
  const { kind, replace } = options;
  try {
    // Resolved once, so that the folder that was checked is the one that is written to.
    const folder = await realpath(dirname(file));
    await refuseExposedFolder(file, kind, folder);
    const target = join(folder, basename(file));
    if (!replace) return await create(target, file, text, options);

    const temporary = join(folder, `.jupyter-curve-${randomBytes(12).toString('hex')}.tmp`);
    await create(temporary, file, text, options);
    try {
      // Planting a link after the check gains nothing: rename replaces a link, it does not follow it.
      await refuseOddTarget(target, file, kind);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    throw fileSystemError(kind, 'write', file, cause);
  }
}

/**
 * Throws what {@link writePrivateFile} would throw about where the file is to be and what it would replace, and writes nothing: for what
 * cannot be taken back when the writing fails.
 */
export async function checkReplaceable(file: string, kind: PrivateFileKind): Promise<void> {
  try {
    const folder = await realpath(dirname(file));
    await refuseExposedFolder(file, kind, folder);
    await access(folder, constants.W_OK);
    await refuseOddTarget(join(folder, basename(file)), file, kind);
  } catch (cause) {
    throw fileSystemError(kind, 'write', file, cause);
  }
}

async function create(
  path: string,
  file: string,
  text: string,
  { kind, durable }: WritePrivateFileOptions,
): Promise<void> {
  const handle = await open(path, EXCLUSIVE, 0o600);
  try {
    // The umask may have taken away our own rights, and an inherited access list may have given some to others.
    await handle.chmod(0o600);
    const { mode } = await handle.stat();
    if (currentUser() !== undefined && (mode & 0o077) !== 0 && !(await isFolderPrivate(dirname(path)))) {
      const problem = `cannot be made private: its file system gives it mode ${formatMode(mode)}`;
      const hint = `Use a folder on a file system with Unix permissions, or a folder that only you can enter; ${INSECURE_HINT}`;
      if (!isInsecureAllowed(file, problem)) throw privateFileError(kind, 'unsafe', file, problem, hint);
    }
    await handle.writeFile(text);
    if (durable === true) await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function refuseExposedFolder(file: string, kind: PrivateFileKind, folder: string): Promise<void> {
  const stats = await stat(folder);
  if (currentUser() === undefined) return;
  if (!isTrustedOwner(stats)) {
    const problem = `would be in ${folder}, which belongs to another user`;
    throw privateFileError(kind, 'unsafe', file, problem, 'Use a folder of your own.');
  }
  if (!isReplaceableByOthers(stats) || (await isFolderPrivate(folder))) return;
  const problem = `would be in ${folder}, where other users can replace it (mode ${formatMode(stats.mode)})`;
  if (isInsecureAllowed(file, problem)) return;
  const hint = `Run \`chmod go-w '${folder}'\`, or use another folder; ${INSECURE_HINT}`;
  throw privateFileError(kind, 'unsafe', file, problem, hint);
}

async function refuseOddTarget(target: string, file: string, kind: PrivateFileKind): Promise<void> {
  const stats = await lstat(target).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (stats === undefined) return;
  const refuse = (problem: string): never => {
    throw privateFileError(kind, 'unsafe', file, problem, 'Remove it if it is yours, or use another name.');
  };
  if (stats.isSymbolicLink()) refuse('is a symbolic link');
  if (!stats.isFile()) refuse('is not a regular file');
  if (stats.nlink > 1) refuse('has a second name (a hard link)');
  if (!isTrustedOwner(stats)) refuse('belongs to another user');
}
