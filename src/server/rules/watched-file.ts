import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { readPrivateFile } from '../../keys/read-private-file.js';

/** The files that say who may do what. */
export type RulesKind = 'policy' | 'authorized-clients';

/** The state of a watched file: its text, missing, or the error of reading it. */
export type FileState =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly error: unknown };

/** Options of {@link WatchedFile}. */
export interface WatchedFileOptions {
  readonly file: string;
  readonly kind: RulesKind;
  /** Called with every new state, after the first; one at a time. Must not reject. */
  readonly onChange: (state: FileState) => Promise<void>;
  /** Milliseconds between two looks. Default: 300. */
  readonly interval?: number;
}

/** Milliseconds after a file was written in which it may be written again without its time changing. */
const SETTLED = 1_000;
/** Milliseconds for which a file must say the same: while it is being written it is empty, or says half of it. */
const CALM = 50;

/**
 * Watches a file by looking at it: that works on every file system, through renames, and for files that are not there yet. Others than
 * this user and root must not be able to write it.
 */
export class WatchedFile {
  readonly #options: WatchedFileOptions;
  #mark: string | undefined;
  #state: FileState = { kind: 'missing' };
  #missed = 0;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchedFileOptions) {
    this.#options = options;
  }

  /** Reads the file, and watches it from here on. */
  async open(): Promise<FileState> {
    this.#mark = await this.#look();
    this.#state = await this.#read(this.#mark);
    this.#timer = setInterval(() => void this.check(), this.#options.interval ?? 300).unref();
    return this.#state;
  }

  /** Looks now. Resolves when a change has been taken in. */
  async check(): Promise<void> {
    await (this.#looking ??= this.#checkOnce().finally(() => (this.#looking = undefined)));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #checkOnce(): Promise<void> {
    const mark = await this.#look();
    if (mark === this.#mark) {
      this.#missed = 0;
      return;
    }
    const state = await this.#read(mark);
    // Some editors take a file away for a moment, or empty it before they write it.
    this.#missed = isNothing(state) ? this.#missed + 1 : 0;
    if (this.#missed === 1 || this.#timer === undefined) return;
    if (!isSame(state, this.#state)) {
      await sleep(CALM, undefined, { ref: false });
      if (!isSame(await this.#read(await this.#look()), state) || this.#timer === undefined) return;
    }
    this.#mark = mark;
    if (isSame(state, this.#state)) return;
    this.#state = state;
    await this.#options.onChange(state);
  }

  /** A mark that changes with the file; undefined when it is not there. While the file is new, every call returns another mark. */
  async #look(): Promise<string | undefined> {
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(this.#options.file);
      const fresh = Math.abs(Date.now() - ctimeMs) < SETTLED ? performance.now() : '';
      return [mtimeMs, ctimeMs, size, ino, fresh].join(' ');
    } catch {
      return undefined;
    }
  }

  async #read(mark: string | undefined): Promise<FileState> {
    if (mark === undefined) return { kind: 'missing' };
    try {
      const { file, kind } = this.#options;
      return { kind: 'text', text: await readRules(file, kind) };
    } catch (error) {
      return { kind: 'unreadable', error };
    }
  }
}

const isNothing = (state: FileState): boolean =>
  state.kind === 'missing' || (state.kind === 'text' && state.text === '');

function isSame(a: FileState, b: FileState): boolean {
  if (a.kind === 'text' && b.kind === 'text') return a.text === b.text;
  if (a.kind === 'unreadable' && b.kind === 'unreadable') return String(a.error) === String(b.error);
  return a.kind === b.kind;
}

const NAMES = { policy: 'Policy file', 'authorized-clients': 'Authorized clients' } as const;
const MAX_BYTES = 1024 * 1024;

/**
 * The text of a policy or of `authorized_clients`, of at most 1 MiB, which only this user and root can have written. Others may read it.
 *
 * @throws CurveKernelError 'policy-invalid', 'authorized-clients-invalid' for a file that is missing, too large, or not safe to go by
 */
export async function readRules(file: string, kind: RulesKind): Promise<string> {
  try {
    return await readPrivateFile(file, { kind: 'key-file', maxBytes: MAX_BYTES, isSecret: () => false });
  } catch (cause) {
    if (!isCurveKernelError(cause)) throw cause;
    const problem = cause.message.replace(`The key file ${file} `, '');
    throw new CurveKernelError(`${kind}-invalid`, `${NAMES[kind]} ${file}: it ${problem}`, {
      hint: cause.hint,
      cause,
      data: { file },
    });
  }
}
