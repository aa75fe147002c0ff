import { errorCode } from '../../support/system-error.js';
import { constants } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { Secret } from '../../keys/secret.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import { overwriteState } from './overwrite-state.js';
import { markProcess } from '../../support/process-start.js';
import { createStateLines, readState, STATE_SUFFIX, type StoredState, type MoreLines } from './state-lines.js';

export type { StoredState } from './state-lines.js';

/** The content of a state file when a kernel starts. */
export interface FoundState {
  readonly state: StoredState;
  /** Paths of the connection files of clients that an earlier process wrote. */
  readonly clientFiles: readonly string[];
}

/** Keeps what must outlive the kernel's process, and not the kernel: for a restart. */
export interface StateFile {
  /**
   * Reads the state of an earlier process of this kernel. `'none'`: nothing, and the state of another kernel of that name is removed. `'lost'`:
   * an earlier process could not save its state, so what it had taken away is not known. Never rejects.
   */
  read(): Promise<FoundState | 'none' | 'lost'>;
  /**
   * Keeps this instead of what was saved before. Calls in the meantime are one write. Resolves when this state, or a later one, is in the
   * file.
   *
   * @throws CurveKernelError 'state-unsaved'; `data.restart` says what the next process of the kernel will find: `'forgotten'`, all but what
   * was added last; `'owners-only'`, nothing, and it is {@link read} as `'lost'`; `'undone'`, what there was before
   */
  save(state: () => StoredState, clientFiles: () => readonly string[]): Promise<void>;
  /** Removes it, if it can be. Never rejects. */
  remove(): Promise<void>;
}

/** The content of the file as it was written, and the file's identity. */
interface Written {
  readonly memory: string;
  readonly grants: ReadonlySet<string>;
  readonly clientFiles: ReadonlySet<string>;
  readonly more: MoreLines;
  readonly inode: number;
  readonly size: number;
}

type Wanted = StoredState & { readonly clientFiles: readonly string[] };
type WriteState = (earlier: Promise<void>, ...state: Parameters<StateFile['save']>) => Promise<void>;

/**
 * The state file beside `connectionFile`, readable with `secretKey` only, and by this user only. Grants that come are added at its end:
 * with hundreds of them, each would otherwise write out all. For anything else it is replaced, so that the beginning of one never says
 * more than the whole; where it cannot be replaced, what it said is dropped.
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
    const added = written && (await addTo(file, written, wanted));
    if (!added) written = undefined;
    written = added ?? (await replace(wanted));
  };
  const replace = async ({ clientFiles, ...state }: Wanted): Promise<Written> => {
    const [kernel, manager] = await Promise.all([markProcess(), markProcess(process.ppid)]);
    const { line, more } = lines.begin({ kernel, manager, clientFiles }, state);
    try {
      await writePrivateFile(file, line, { kind: 'connection-file', replace: true, durable: true });
    } catch (cause) {
      const end = await overwriteState(file, line);
      if (end !== 'written') throw unsaved(file, end === 'emptied' ? 'owners-only' : 'undone', cause);
    }
    const { ino: inode } = await lstat(file);
    const { memory, grants } = state;
    const size = Buffer.byteLength(line);
    return { memory, grants: new Set(grants), clientFiles: new Set(clientFiles), more, inode, size };
  };
  return {
    async read() {
      const found = await readState(file);
      if (found === 'missing') return 'none';
      if (found === 'unusable') return 'lost';
      const state = lines.open(found.sealed);
      const clientFiles = found.clientFiles.map((name) => join(dirname(file), name));
      if (state !== undefined) return { state, clientFiles };
      // Of another kernel: its clients' files lead nowhere any more.
      for (const leftover of [...clientFiles, file]) await rm(leftover, { force: true }).catch(() => undefined);
      return 'none';
    },
    async save(state, clientFiles) {
      next ??= write(saving, state, clientFiles);
      saving = next.catch(() => undefined);
      await next;
    },
    async remove() {
      removed = true;
      await saving;
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

/**
 * Adds what has come. Undefined, with nothing written, when something else has changed, or the file is not as it was left.
 *
 * @throws CurveKernelError 'state-unsaved' when it cannot be added; the rest is in the file as before
 */
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
    const more = before.more({ grants, clientFiles });
    try {
      await handle.writeFile(more.line);
    } catch (cause) {
      // Half a line would keep those from counting that come after it.
      await handle.truncate(before.size);
      throw unsaved(file, 'forgotten', cause);
    }
    return {
      ...before,
      more: more.next,
      grants: new Set(wanted.grants),
      clientFiles: new Set(wanted.clientFiles),
      size: size + Buffer.byteLength(more.line),
    };
  } finally {
    await handle.close();
  }
}

const AFTER_RESTART = {
  forgotten: 'a restart of the kernel forgets what was granted last',
  'owners-only': 'what was saved before is dropped, and after a restart of the kernel its owner alone has access',
  undone: 'what was saved before cannot be dropped, so a restart of the kernel undoes what was changed',
} as const;

function unsaved(file: string, restart: keyof typeof AFTER_RESTART, cause: unknown): CurveKernelError {
  const reason = isCurveKernelError(cause) && cause.cause === undefined ? cause.code : errorCode(reasonOf(cause));
  const hint =
    restart === 'undone'
      ? `Do not restart the kernel until ${file} can be written or is removed; shutting it down ends all grants.`
      : `Make room for ${file}, or make it writable: it is tried again with every change and whenever rights are looked at.`;
  return new CurveKernelError('state-unsaved', `Access cannot be saved (${reason}): ${AFTER_RESTART[restart]}.`, {
    hint,
    cause,
    data: { file, restart },
  });
}

const reasonOf = (error: unknown): unknown => (isCurveKernelError(error) ? error.cause : error);
