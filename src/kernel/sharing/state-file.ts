import { constants } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Secret } from '../../keys/secret.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import { markProcess } from './process-start.js';
import { createStateLines, readState, STATE_SUFFIX, type KeptState, type MoreLines } from './state-lines.js';

export type { KeptState } from './state-lines.js';

/** Keeps what must outlive the kernel's process, and not the kernel: for a restart. */
export interface StateFile {
  /** What an earlier process of this kernel left, and the paths of its client files; whatever else has the name is removed. */
  read(): Promise<{ readonly state: KeptState; readonly clientFiles: readonly string[] } | undefined>;
  /**
   * Keeps this instead of what was saved before. Calls in the meantime are one write. Resolves when this state, or a later one, is in the
   * file.
   */
  save(state: () => KeptState, clientFiles: () => readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/** What is in the file, and how to know the file again. */
interface Written {
  readonly memory: string;
  readonly grants: ReadonlySet<string>;
  readonly clientFiles: ReadonlySet<string>;
  readonly more: MoreLines;
  readonly inode: number;
  readonly size: number;
}

type Wanted = KeptState & { readonly clientFiles: readonly string[] };
type WriteState = (earlier: Promise<void>, ...state: Parameters<StateFile['save']>) => Promise<void>;

/**
 * The state file beside `connectionFile`, readable with `secretKey` only, and by this user only. Grants that come are added at its end:
 * with hundreds of them, each would otherwise write out all. For anything else it is replaced, so that the beginning of one never says
 * more than the whole.
 */
export function createStateFile(connectionFile: string, secretKey: Secret): StateFile {
  const file = `${connectionFile}${STATE_SUFFIX}`;
  const lines = createStateLines(connectionFile, secretKey);
  let saving = Promise.resolve();
  let next: Promise<void> | undefined;
  let removed = false;
  let written: Written | undefined;
  const write: WriteState = async (earlier, state, clientFiles) => {
    await earlier;
    next = undefined;
    if (removed) return;
    const wanted: Wanted = { ...state(), clientFiles: clientFiles().map((one) => basename(one)) };
    const before = written;
    written = undefined;
    written = (before && (await addTo(file, before, wanted))) ?? (await replace(wanted));
  };
  const replace = async ({ clientFiles, ...state }: Wanted): Promise<Written> => {
    const [kernel, manager] = await Promise.all([markProcess(), markProcess(process.ppid)]);
    const { line, more } = lines.begin({ kernel, manager, clientFiles }, state);
    await writePrivateFile(file, line, { kind: 'connection-file', replace: true });
    const { ino: inode } = await lstat(file);
    const { memory, grants } = state;
    const size = Buffer.byteLength(line);
    return { memory, grants: new Set(grants), clientFiles: new Set(clientFiles), more, inode, size };
  };
  return {
    async read() {
      const found = await readState(file);
      const state = found && lines.open(found.sealed);
      const clientFiles = found?.clientFiles.map((name) => join(dirname(file), name)) ?? [];
      if (state !== undefined) return { state, clientFiles };
      // Of another kernel, or of nobody: whoever could read it is gone.
      for (const leftover of [...clientFiles, file]) await rm(leftover, { force: true });
      return undefined;
    },
    async save(state, clientFiles) {
      next ??= write(saving, state, clientFiles);
      saving = next.catch(() => undefined);
      await next;
    },
    async remove() {
      removed = true;
      await saving;
      await rm(file, { force: true });
    },
  };
}

/** Adds what has come. Undefined, with nothing written, when something else has changed, or the file is not as it was left. */
async function addTo(file: string, before: Written, wanted: Wanted): Promise<Written | undefined> {
  const grants = wanted.grants.filter((grant) => !before.grants.has(grant));
  const clientFiles = wanted.clientFiles.filter((name) => !before.clientFiles.has(name));
  const isMore =
    wanted.memory === before.memory &&
    wanted.grants.length - grants.length === before.grants.size &&
    wanted.clientFiles.length - clientFiles.length === before.clientFiles.size;
  if (!isMore) return undefined;
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)).catch(
    () => undefined,
  );
  if (!handle) return undefined;
  try {
    const { ino, size, nlink } = await handle.stat();
    if (ino !== before.inode || size !== before.size || nlink !== 1) return undefined;
    if (grants.length + clientFiles.length === 0) return before;
    const line = before.more({ grants, clientFiles });
    await handle.writeFile(line);
    return {
      ...before,
      grants: new Set(wanted.grants),
      clientFiles: new Set(wanted.clientFiles),
      size: size + Buffer.byteLength(line),
    };
  } finally {
    await handle.close();
  }
}
