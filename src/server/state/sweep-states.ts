import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isOwnFolder } from '../../keys/folder-privacy.js';
import { isAlive } from '../../support/process-mark.js';
import { succeeds } from '../../support/succeeds.js';
import { readState, STATE_SUFFIX } from './state-file.js';

/**
 * Removes what killed kernels left in a folder of connection files: their grants, and the connection files of their clients. Kept is
 * what a kernel that lives uses, and what one needs that its manager may start again; and everything in a folder that other users can write
 * to. Never rejects.
 */
export async function sweepStates(folder: string): Promise<void> {
  if (!(await isOwnFolder(folder))) return;
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(STATE_SUFFIX)).map((name) => join(folder, name));
  await Promise.all(files.map(async (file) => sweep(folder, file).catch(() => undefined)));
}

async function sweep(folder: string, file: string): Promise<void> {
  const found = await readState(file);
  if (found === 'missing') return;
  const connectionFile = file.slice(0, -STATE_SUFFIX.length);
  const isThere = await succeeds(stat(connectionFile));
  // What is left of a write that failed belongs to the kernel of the connection file, for as long as there is one.
  if (found === 'unusable') return isThere ? undefined : rm(file, { force: true });
  if (await isAlive(found.kernel)) return;
  if (isThere && found.manager && (await isAlive(found.manager))) return;
  for (const leftover of [...found.clientFiles.map((name) => join(folder, name)), file]) {
    await rm(leftover, { force: true });
  }
}
