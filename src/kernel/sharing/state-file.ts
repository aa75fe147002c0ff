import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Secret } from '../../keys/secret.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import { isProcessMark, markProcess, type ProcessMark } from './process-start.js';
import { openState, sealState } from './sealed-state.js';

/** Ends the name of the file in which a kernel keeps its grants, after that of its connection file. */
export const STATE_SUFFIX = '.access';
const FORMAT = 'jupyter-curve-access/1';

/** What anybody may read of a state file: whose it is, and what goes with it. */
export interface StateOwner {
  readonly kernel: ProcessMark;
  /** Who started the kernel, and may start it again. */
  readonly manager?: ProcessMark;
  /** Names of connection files in the same folder that are the kernel's to remove. */
  readonly clientFiles: readonly string[];
}

/** Keeps what must outlive the kernel's process, and not the kernel: for a restart. */
export interface StateFile {
  /** What an earlier process of this kernel left, and the paths of its client files; whatever else has the name is removed. */
  read(): Promise<{ readonly state: string; readonly clientFiles: readonly string[] } | undefined>;
  /** Replaces it. Calls in the meantime are one write. Resolves when this state, or a later one, is in the file. */
  save(state: () => string, clientFiles: () => readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

type WriteState = (earlier: Promise<void>, ...state: Parameters<StateFile['save']>) => Promise<void>;

/** The state file beside `connectionFile`, readable with `secretKey` only, and by this user only. */
export function createStateFile(connectionFile: string, secretKey: Secret): StateFile {
  const file = `${connectionFile}${STATE_SUFFIX}`;
  const context = `${FORMAT} ${basename(connectionFile)}`;
  let saving = Promise.resolve();
  let next: Promise<void> | undefined;
  let removed = false;
  const write: WriteState = async (earlier, state, clientFiles) => {
    await earlier;
    next = undefined;
    if (removed) return;
    const [kernel, manager] = await Promise.all([markProcess(), markProcess(process.ppid)]);
    const owner = { kernel, manager, clientFiles: clientFiles().map((one) => basename(one)) };
    const text = JSON.stringify({ format: FORMAT, ...owner, sealed: sealState(state(), secretKey, context) });
    await writePrivateFile(file, text, { kind: 'connection-file', replace: true });
  };
  return {
    async read() {
      const found = await readState(file);
      const state = found && openState(found.sealed, secretKey, context);
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

/** A state file, as far as anybody can read it; undefined for what is none. */
export async function readState(file: string): Promise<(StateOwner & { readonly sealed: string }) | undefined> {
  try {
    const found: Partial<StateOwner & { format: string; sealed: string }> = JSON.parse(await readFile(file, 'utf8'));
    const { format, kernel, manager, clientFiles, sealed } = found;
    if (format !== FORMAT || !isProcessMark(kernel) || typeof sealed !== 'string' || !Array.isArray(clientFiles))
      return undefined;
    const names = clientFiles.filter((name) => typeof name === 'string' && isClientFile(name));
    return { kernel, ...(isProcessMark(manager) && { manager }), clientFiles: names, sealed };
  } catch {
    return undefined;
  }
}

/** Where the connection file of a client is put that was not asked for by anybody: beside the kernel's own. */
export function clientFile(connectionFile: string, name: string): string {
  return join(dirname(connectionFile), `${CLIENT_PREFIX}${name}-${basename(connectionFile)}`);
}

/** Not `kernel-`: front ends take the latest file of that name for the kernel that was meant. */
const CLIENT_PREFIX = 'client-';

const isClientFile = (name: string): boolean => name.startsWith(CLIENT_PREFIX) && basename(name) === name;
