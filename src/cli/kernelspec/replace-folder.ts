import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../support/system-error.js';

/**
 * Replaces `target`, the folder of a kernelspec, or creates it. Readers see the old folder or the new one, or for an instant none, but never
 * a half-written one; after a failure the old one is back.
 *
 * @param fill Writes the content into the folder whose path it is given.
 */
export async function replaceFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const staging = await createStagingDir(target);
  try {
    const [draft, old] = [join(staging, 'new'), join(staging, 'old')];
    await mkdir(draft, { mode: 0o755 });
    await fill(draft);
    const replaced = await renameIfThere(target, old);
    try {
      await rename(draft, target);
    } catch (error) {
      if (replaced) await rename(old, target);
      throw error;
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Removes the folder of a kernelspec; readers see all of it or nothing. */
export async function removeFolder(target: string): Promise<void> {
  const staging = await createStagingDir(target);
  try {
    await rename(target, join(staging, 'old'));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Creates a folder next to the one that is searched for kernelspecs, so that no draft is listed. @throws TypeError for any other target. */
async function createStagingDir(target: string): Promise<string> {
  const kernels = dirname(target);
  if (basename(kernels) !== 'kernels') throw new TypeError(`${target} is not the folder of a kernel.`);
  // Independent of the umask: a user who can write there can make front ends run any command.
  await mkdir(kernels, { recursive: true, mode: 0o755 });
  return mkdtemp(join(dirname(kernels), `.${basename(target)}-`));
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
