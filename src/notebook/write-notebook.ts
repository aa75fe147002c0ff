import { randomBytes } from 'node:crypto';
import { chmod, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CurveKernelError } from '../errors.js';
import { definedOnly } from '../support/defined-only.js';
import { formatNotebook } from './format-notebook.js';
import type { Notebook } from './notebook.js';

/**
 * Writes a notebook file in one step: readers see the old file or the new one, never half of one, and the old one survives a
 * crash. A symbolic link stays one, and a file that exists keeps its permissions.
 *
 * @throws CurveKernelError `notebook-unwritable` when the file cannot be written, or is something else than a file.
 */
export async function writeNotebook(file: string, notebook: Notebook): Promise<void> {
  const text = formatNotebook(notebook);
  try {
    const target = await realpath(file).catch(() => file);
    const found = await stat(target).catch(() => undefined);
    // The rename below would replace a pipe or a device by a file: as root, even /dev/null.
    if (found !== undefined && !found.isFile()) throw new TypeError(`${file} is not a regular file.`);
    const mode = found && found.mode & 0o777;
    const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      // Never with more permissions than the file has, and with all of them whatever the umask.
      await writeFile(draft, text, { flag: 'wx', flush: true, ...definedOnly({ mode }) });
      if (mode !== undefined) await chmod(draft, mode);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new CurveKernelError('notebook-unwritable', `The notebook ${file} could not be written.`, {
      hint: 'Check that the folder exists, that you may write to it, and that the disk is not full.',
      cause,
      data: { file },
    });
  }
}
