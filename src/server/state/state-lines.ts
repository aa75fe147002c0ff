import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { currentUser } from '../../keys/private-file.js';
import type { Secret } from '../../keys/secret.js';
import { isProcessMark, type ProcessMark } from '../../support/process-start.js';
import { openState, sealState } from './sealed-state.js';
import { errorCode } from '../../support/system-error.js';

/** Ends the name of the file in which a kernel keeps its grants, after that of its connection file. */
export const STATE_SUFFIX = '.access';
const FORMAT = 'jupyter-curve-access/2';

/** The plain part of a state file: its owner, and the files that belong to it. */
export interface StateOwner {
  readonly kernel: ProcessMark;
  /** The process that started the kernel, and may start it again. */
  readonly manager?: ProcessMark;
  /** Names of connection files in the same folder that are the kernel's to remove. */
  readonly clientFiles: readonly string[];
}

/** The same while it is written; a process of which the system says nothing has no mark. */
type Writer = Pick<StateOwner, 'clientFiles'> & Record<'kernel' | 'manager', ProcessMark | undefined>;

/** The stored state, each part in JSON, so that an unchanged part is not serialized again. */
export interface StoredState {
  readonly memory: string;
  readonly grants: readonly string[];
}

/** A state file as it can be read without a key: the sealed part of each line, from the first on. */
export interface SealedState extends StateOwner {
  readonly sealed: readonly string[];
}

/**
 * The lines of a kernel's state file. The first is the state as a whole; each of those after it holds grants that came later, and counts
 * only there: behind this first line, and at this place.
 */
export interface StateLines {
  /** The first line, and what makes those that follow it. */
  begin(owner: Writer, state: StoredState): { readonly line: string; readonly more: MoreLines };
  /** Undefined where the first line is another kernel's. It ends before the first line that does not count. */
  open(sealed: readonly string[]): StoredState | undefined;
}

/** The line after those that were written before, and what makes the one that follows it. */
export type MoreLines = (added: Pick<StateOwner, 'clientFiles'> & Pick<StoredState, 'grants'>) => {
  readonly line: string;
  readonly next: MoreLines;
};

/** Lines beside `connectionFile` that are sealed with `secretKey`. */
export function createStateLines(connectionFile: string, secretKey: Secret): StateLines {
  const context = `${FORMAT} ${basename(connectionFile)}`;
  /** The context of a line `at` so many lines after the first; that of a first line is never the same again. */
  const contextAt = (at: number, first: string): string => `${context} ${at} ${first.slice(0, NONCE_CHARACTERS)}`;
  return {
    begin(owner, state) {
      const first = sealState(JSON.stringify(state), secretKey, context);
      const moreAt =
        (at: number): MoreLines =>
        ({ clientFiles, grants: added }) => {
          const sealed = sealState(JSON.stringify(added), secretKey, contextAt(at, first));
          return { line: `${JSON.stringify({ clientFiles, sealed })}\n`, next: moreAt(at + 1) };
        };
      return { line: `${JSON.stringify({ format: FORMAT, ...owner, sealed: first })}\n`, more: moreAt(1) };
    },
    open([first, ...later]) {
      const text = first === undefined ? undefined : openState(first, secretKey, context);
      if (first === undefined || text === undefined) return undefined;
      const { memory, grants }: { memory: string; grants: string[] } = JSON.parse(text);
      for (const [at, sealed] of later.entries()) {
        const added = openState(sealed, secretKey, contextAt(at + 1, first));
        if (added === undefined) break;
        const came: string[] = JSON.parse(added);
        grants.push(...came);
      }
      return { memory, grants };
    },
  };
}

/** The random bytes that begin what is sealed, in base64. */
const NONCE_CHARACTERS = 16;

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

function parseState(text: string): SealedState | 'unusable' {
  const [first = '', ...later] = text.split('\n').filter((line) => line !== '');
  const { format, kernel, manager, ...head } = lineOf(first);
  if (format !== FORMAT || !isProcessMark(kernel) || head.sealed === undefined) return 'unusable';
  const lines = [head, ...later.map(lineOf)];
  const end = lines.findIndex(({ sealed }) => sealed === undefined);
  return {
    kernel,
    ...(isProcessMark(manager) && { manager }),
    clientFiles: lines.flatMap(({ clientFiles }) => clientFiles),
    sealed: lines.slice(0, end < 0 ? undefined : end).flatMap(({ sealed = [] }) => sealed),
  };
}

/** Parses a line; one that was half written is empty. */
function lineOf(text: string): StateLine {
  try {
    const { clientFiles, sealed, ...owner }: Partial<StateLine> = JSON.parse(text);
    const names = Array.isArray(clientFiles) ? clientFiles.filter(isClientFile) : [];
    return { ...owner, clientFiles: names, ...(typeof sealed === 'string' && { sealed }) };
  } catch {
    return { clientFiles: [] };
  }
}

/** A line that was read, in which `clientFiles` and `sealed` are what they should be, and the rest may be anything. */
interface StateLine extends Pick<StateOwner, 'clientFiles'> {
  readonly format?: string;
  readonly kernel?: Partial<ProcessMark>;
  readonly manager?: Partial<ProcessMark>;
  readonly sealed?: string;
}

/** The path of the connection file of a client without a request for one: beside the kernel's own. */
export function clientFile(connectionFile: string, name: string): string {
  return join(dirname(connectionFile), `${CLIENT_PREFIX}${name}-${basename(connectionFile)}`);
}

/** Not `kernel-`: front ends take the latest file of that name for the kernel that was meant. */
const CLIENT_PREFIX = 'client-';

const isClientFile = (name: unknown): name is string =>
  typeof name === 'string' && name.startsWith(CLIENT_PREFIX) && basename(name) === name;
