import { constants } from 'node:fs';
import { lstat, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { currentUser } from '../../keys/private-file.js';
import type { Secret } from '../../keys/secret.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import { isProcessMark, markProcess, type ProcessMark } from '../../support/process-mark.js';
import { errorCode } from '../../support/system-error.js';
import { openState, sealState } from './sealed-state.js';

/** Ends the name of the file in which a kernel keeps its grants, after that of its connection file. */
export const STATE_SUFFIX = '.access';
const FORMAT = 'jupyter-curve-access/2';

/** What must outlive the kernel's process, each part in JSON. */
export interface StoredState {
  readonly memory: string;
  readonly grants: readonly string[];
}

/** The same with the clients' connection files, which can be read without a key. */
export interface StoredContent extends StoredState {
  readonly clientFiles: readonly string[];
}

/** A state file as it can be read without a key. */
export interface SealedState {
  readonly kernel: ProcessMark;
  /** The process that started the kernel, and may start it again. */
  readonly manager: ProcessMark | undefined;
  /** Names of connection files in the same folder that are the kernel's to remove. */
  readonly clientFiles: readonly string[];
  readonly sealed: string;
}

/** See {@link createStateFile}. */
export type StateFile = ReturnType<typeof createStateFile>;

/** The content of the file as it was written, and the file's identity. */
interface Written {
  readonly content: StoredContent;
  readonly inode: number;
  readonly size: number;
}

/**
 * Keeps what must outlive the kernel's process, and not the kernel, for a restart: in the state file beside `connectionFile`, readable with `secretKey` only, and by this user only. It is replaced as a whole, so that the
 * beginning of one never says more than all of it. Where it cannot be replaced, it stays if it only lacks grants that came later; otherwise
 * what it said is dropped.
 */
export function createStateFile(connectionFile: string, secretKey: Secret) {
  const file = `${connectionFile}${STATE_SUFFIX}`;
  const context = `${FORMAT} ${basename(connectionFile)}`;
  let saving = Promise.resolve();
  let next: Promise<void> | undefined;
  let removed = false;
  let written: Written | undefined;
  const write = async (earlier: Promise<void>, wanted: () => StoredContent): Promise<void> => {
    await earlier;
    next = undefined;
    if (removed) return;
    const { clientFiles, ...state } = wanted();
    const content = { ...state, clientFiles: clientFiles.map((one) => basename(one)) };
    if (written && !(await isAsLeft(file, written))) written = undefined;
    if (!isDeepStrictEqual(written?.content, content)) await replace(content);
  };
  const replace = async (content: StoredContent): Promise<void> => {
    const [kernel, manager] = await Promise.all([markProcess(), markProcess(process.ppid)]);
    const { clientFiles, ...state } = content;
    const sealed = sealState(JSON.stringify(state), secretKey, context);
    const text = `${JSON.stringify({ format: FORMAT, kernel, manager, clientFiles, sealed })}\n`;
    try {
      await writePrivateFile(file, text, { kind: 'connection-file', replace: true, durable: true });
    } catch (cause) {
      if (written && onlyAdds(written.content, state)) throw unsaved(file, 'forgotten', cause);
      written = undefined;
      const end = await overwrite(file, text);
      if (end !== 'written') throw unsaved(file, end === 'emptied' ? 'owners-only' : 'undone', cause);
    }
    written = { content, inode: (await lstat(file)).ino, size: Buffer.byteLength(text) };
  };
  return {
    /**
     * Reads the state of an earlier process of this kernel, and the paths of the clients' connection files that it wrote. `'none'`: nothing,
     * and the state of another kernel of that name is removed. `'lost'`: an earlier process could not save its state, so what it had taken away
     * is not known. Never rejects.
     */
    async read(): Promise<StoredContent | 'none' | 'lost'> {
      const found = await readState(file);
      if (found === 'missing') return 'none';
      if (found === 'unusable') return 'lost';
      const text = openState(found.sealed, secretKey, context);
      const clientFiles = found.clientFiles.map((name) => join(dirname(file), name));
      if (text !== undefined) {
        const state: StoredState = JSON.parse(text);
        return { ...state, clientFiles };
      }
      // Of another kernel: its clients' files lead nowhere any more.
      for (const leftover of [...clientFiles, file]) await rm(leftover, { force: true }).catch(() => undefined);
      return 'none';
    },
    /**
     * Keeps this instead of what was saved before. Calls in the meantime are one write. Resolves when this state, or a later one, is in the
     * file.
     *
     * @throws CurveKernelError 'state-unsaved'; `data.restart` says what the next process of the kernel will find: `'forgotten'`, all but what
     * was added last; `'owners-only'`, nothing, and it is read as `'lost'`; `'undone'`, what there was before
     */
    async save(content: () => StoredContent): Promise<void> {
      next ??= write(saving, content);
      saving = next.catch(() => undefined);
      await next;
    },
    /** Removes it, if it can be. Never rejects. */
    async remove(): Promise<void> {
      removed = true;
      await saving;
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

/** True while the file is the one that was written, and nothing else has written into it. */
async function isAsLeft(file: string, { inode, size }: Written): Promise<boolean> {
  const now = await lstat(file).catch(() => undefined);
  return now?.ino === inode && now.size === size && now.nlink === 1;
}

/** True if nothing was taken away or changed since `before`. */
function onlyAdds(before: StoredState, { memory, grants }: StoredState): boolean {
  const now = new Set(grants);
  return before.memory === memory && before.grants.every((grant) => now.has(grant));
}

const OVERWRITE_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Writes `text` in the place of what a state file says, for when it cannot be replaced: what was there is dropped first, so that it
 * never comes back, and the room that it had may be enough.
 *
 * `'written'`: the text is there. `'emptied'`: an unusable file is there, which grants nothing. `'left'`: what was there may still be.
 * Never rejects.
 */
async function overwrite(file: string, text: string): Promise<'written' | 'emptied' | 'left'> {
  const handle = await openOwn(file);
  if (!handle) return 'left';
  let isEmpty = false;
  try {
    await handle.truncate(0);
    isEmpty = true;
    await handle.writeFile(text);
    await handle.sync();
    return 'written';
  } catch {
    // Half of it says no more than nothing does.
    if (isEmpty) await handle.truncate(0).catch(() => undefined);
    else await rm(file, { force: true }).catch(() => undefined);
    return isEmpty ? 'emptied' : 'left';
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** The file of that name, or a new one. Something else of that name is removed; undefined where it cannot be. */
async function openOwn(file: string): Promise<FileHandle | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    const handle = await open(file, OVERWRITE_FLAGS, 0o600).catch(() => undefined);
    const status = await handle?.stat();
    if (status?.isFile() === true && status.nlink === 1 && status.uid === (currentUser() ?? status.uid)) return handle;
    await handle?.close();
    await rm(file, { force: true }).catch(() => undefined);
  }
  return undefined;
}

const AFTER_RESTART = {
  forgotten: 'a restart of the kernel forgets what was granted last',
  'owners-only': 'what was saved before is dropped, and after a restart of the kernel its owner alone has access',
  undone: 'what was saved before cannot be dropped, so a restart of the kernel undoes what was changed',
} as const;

function unsaved(file: string, restart: keyof typeof AFTER_RESTART, cause: unknown): CurveKernelError {
  const isOwn = isCurveKernelError(cause);
  const reason = isOwn && cause.cause === undefined ? cause.code : errorCode(isOwn ? cause.cause : cause);
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

/** Never follows a link, and never waits for what is no file. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * A state file, as far as anyone can read it. `'missing'`: nothing has that name. `'unusable'`: something has it that is no whole
 * state of this user: a write that failed, a folder, a pipe, a file of another user. Never rejects.
 */
export async function readState(file: string): Promise<SealedState | 'missing' | 'unusable'> {
  try {
    const handle = await open(file, READ_FLAGS);
    try {
      const status = await handle.stat();
      if (!status.isFile() || status.uid !== (currentUser() ?? status.uid)) return 'unusable';
      return parseState(await handle.readFile('utf8'));
    } finally {
      await handle.close();
    }
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'missing' : 'unusable';
  }
}

/** Throws SyntaxError or TypeError for a text that was half written. */
function parseState(text: string): SealedState | 'unusable' {
  const { format, kernel, manager, clientFiles, sealed }: Partial<SealedState & { format: string }> = JSON.parse(text);
  if (format !== FORMAT || !isProcessMark(kernel) || typeof sealed !== 'string') return 'unusable';
  const names = Array.isArray(clientFiles) ? clientFiles.filter(isClientFile) : [];
  return { kernel, manager: isProcessMark(manager) ? manager : undefined, clientFiles: names, sealed };
}

/** The path of the connection file of a client without a request for one: beside the kernel's own. */
export function clientFile(connectionFile: string, name: string): string {
  return join(dirname(connectionFile), `${CLIENT_PREFIX}${name}-${basename(connectionFile)}`);
}

/** Not `kernel-`: front ends take the latest file of that name for the kernel that was meant. */
const CLIENT_PREFIX = 'client-';

const isClientFile = (name: unknown): name is string =>
  typeof name === 'string' && name.startsWith(CLIENT_PREFIX) && basename(name) === name;
