import { rm, rmdir } from 'node:fs/promises';

/** Removes files, and folders that are empty by then; what is not there, or not ours to remove, is no matter. */
export async function removeLeftovers(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await rm(path, { force: true }).catch(() => rmdir(path).catch(() => undefined));
  }
}
