import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { currentUser } from '../../keys/private-file.js';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Writes `text` in the place of what a state file says, for when it cannot be replaced: what was there is dropped first, so that it
 * never comes back, and the room that it had may be enough.
 *
 * `'written'`: the text is there. `'emptied'`: an unusable file is there, which grants nothing. `'left'`: what was there may still be.
 * Never rejects.
 */
export async function overwriteState(file: string, text: string): Promise<'written' | 'emptied' | 'left'> {
  const handle = await openOwn(file);
  if (!handle) return 'left';
  try {
    await handle.truncate(0);
    return await fill(handle, text);
  } catch {
    await rm(file, { force: true }).catch(() => undefined);
    return 'left';
  } finally {
    await handle.close().catch(() => undefined);
  }
}

async function fill(handle: FileHandle, text: string): Promise<'written' | 'emptied'> {
  try {
    await handle.writeFile(text);
    await handle.sync();
    return 'written';
  } catch {
    // Half of it says no more than nothing does.
    await handle.truncate(0).catch(() => undefined);
    return 'emptied';
  }
}

/** The file of that name, or a new one. Something else of that name is removed; undefined where it cannot be. */
async function openOwn(file: string): Promise<FileHandle | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    const handle = await open(file, FLAGS, 0o600).catch(() => undefined);
    if (handle && (await isOwn(handle))) return handle;
    await handle?.close();
    await rm(file, { force: true }).catch(() => undefined);
  }
  return undefined;
}

async function isOwn(handle: FileHandle): Promise<boolean> {
  const status = await handle.stat();
  return status.isFile() && status.nlink === 1 && status.uid === (currentUser() ?? status.uid);
}
