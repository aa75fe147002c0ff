/** Standard input of cells: its lines come from the front end, which is asked when a cell waits for one. */
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import type { Interface } from 'node:readline';
import { Readable } from 'node:stream';
import { ORIGINAL } from '../builtins.js';
import type { CellTracker } from './cell-tracker.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { Questions } from './questions.js';

const { Object, Reflect, Promise } = ORIGINAL;
const { setImmediate } = globalThis;

/** Dependencies of {@link installCellInput}. */
export interface CellInputOptions {
  readonly questions: Questions;
  readonly tracker: CellTracker;
  readonly isRunning: (cell: number) => boolean;
  /** Ends what the cell waits for with an error; where it waits for nothing, the error is shown under it. */
  readonly fail: (cell: number, error: unknown) => void;
}

/** Makes `process.stdin`, and file descriptor 0 for what `fs` reads synchronously, ask. */
export function installCellInput(options: CellInputOptions): void {
  let stdin: CellInput | undefined;
  Object.defineProperty(process, 'stdin', {
    get() {
      // A stream that was refused, or closed after enough was read, is replaced: the next cell may be answered.
      if (stdin === undefined) patchReadline();
      if (stdin === undefined || stdin.destroyed) stdin = new CellInput(options);
      return stdin;
    },
    configurable: true,
    enumerable: true,
  });
  readByAsking(options.questions);
  syncBuiltinESMExports();
}

/** Whether an interface still waits for the answer to its question: Node keeps its callback for the next line under a symbol. */
const isUnanswered = (lines: Interface): boolean => {
  const key = Object.getOwnPropertySymbols(lines).find(({ description }) => description === 'kQuestionCallback');
  return key === undefined || typeof Reflect.get(lines, key) === 'function';
};

/**
 * Asks for one line at a time, and only where a reader wants it: `readline` itself reads as soon as it is made. A refusal destroys the
 * stream with the error.
 */
class CellInput extends Readable {
  readonly fd = 0;
  readonly isTTY = false;
  readonly #options: CellInputOptions;
  /** The interfaces that read from here; each listens to our data, whether it wants any or not. */
  readonly readers = new Set<Interface>();
  /** Functions that reject the open questions of `readline/promises`. */
  readonly refusals = new Set<(error: unknown) => void>();
  /** The interfaces that have asked a question since the last line. */
  readonly asked = new Set<Interface>();
  prompt = '';
  #isWanted = false;
  #isAsking = false;
  /** The cell that was given a line last. */
  #answered = 0;

  constructor(options: CellInputOptions) {
    super({ highWaterMark: 1 });
    this.#options = options;
    // Cells that wait get the error in another way; without a listener it would be reported twice.
    EventEmitter.prototype.on.call(this, 'error', () => {});
  }

  /** An earlier cell's interface pauses its input when it is closed, and nothing resumes it for the next cell's listener. */
  override on(event: string | symbol, listener: (...values: never[]) => void): this {
    super.on(event, listener as never);
    if (event === 'data' && this.isPaused()) this.resume();
    // It may have been asked for data before there was any demand, and is not asked again.
    this.look();
    return this;
  }

  override _read(): void {
    this.#isWanted = true;
    this.look();
  }

  /** Asks, once the code that runs now has come to its end, if a line is wanted then. */
  look(): void {
    const cell = this.#options.tracker.current();
    setImmediate(() => {
      if (!this.#isAsking && this.#isWanted && this.#hasDemand() && !this.destroyed) void this.#ask(cell);
    });
  }

  #hasDemand(): boolean {
    const others = this.listenerCount('data') + this.listenerCount('readable') - this.readers.size;
    const isReading = (lines: Interface): boolean =>
      lines.listenerCount('line') > 0 || (this.asked.has(lines) && isUnanswered(lines));
    return others > 0 || [...this.readers].some(isReading);
  }

  async #ask(cell: number): Promise<void> {
    const { questions, isRunning } = this.#options;
    // A listener left over from an ended cell that had its lines waits for those of the next one.
    if (!isRunning(cell) && this.#answered === cell) return;
    const { prompt } = this;
    this.#isAsking = true;
    this.prompt = '';
    try {
      const line = await questions.input(prompt);
      this.#answered = cell;
      this.#isWanted = false;
      this.asked.clear();
      this.push(`${line}\n`);
    } catch (error) {
      if (!(error instanceof Interrupted)) this.#refuse(cell, error);
    } finally {
      this.#isAsking = false;
    }
  }

  #refuse(cell: number, error: unknown): void {
    const { isRunning, fail } = this.#options;
    if (!isRunning(cell) && this.#answered === cell) return;
    // Each reader listens to our errors, and has a listener of ours.
    const listeners = this.listenerCount('error') - 1 - this.readers.size;
    const isTold =
      listeners > 0 || this.refusals.size > 0 || [...this.readers].some((each) => each.listenerCount('error') > 1);
    for (const refuse of this.refusals) refuse(error);
    this.refusals.clear();
    this.destroy(error as Error);
    if (!isTold) fail(cell, error);
  }
}

function inputOf(lines: Interface): CellInput | undefined {
  const input: unknown = Reflect.get(lines, 'input');
  return input instanceof CellInput ? input : undefined;
}

/** Notes the interfaces that read from standard input, and their questions: Node tells a stream nothing of that. */
function patchReadline(): void {
  const require = createRequire(import.meta.url);
  const { Interface: Plain } = require('node:readline') as { Interface: { prototype: Interface } };
  const { Interface: Promising } = require('node:readline/promises') as { Interface: { prototype: Interface } };
  const base = Object.getPrototypeOf(Plain.prototype) as Interface;
  for (const name of ['on', 'addListener'] as const) {
    const value = function (this: Interface, event: string, listener: () => void): Interface {
      const input = inputOf(this);
      if (input !== undefined && !input.readers.has(this)) {
        input.readers.add(this);
        EventEmitter.prototype.on.call(this, 'close', () => input.readers.delete(this));
        EventEmitter.prototype.on.call(this, 'error', () => {});
      }
      if (event === 'line') input?.look();
      return EventEmitter.prototype.on.call(this, event, listener) as Interface;
    };
    Object.defineProperty(base, name, { value, writable: true, configurable: true });
  }
  for (const prototype of [Plain.prototype, Promising.prototype]) {
    const question = prototype.question as (...arguments_: unknown[]) => unknown;
    const asking = function (this: Interface, query: unknown, ...rest: unknown[]): unknown {
      const input = inputOf(this);
      if (input === undefined) return Reflect.apply(question, this, [query, ...rest]);
      const output: unknown = Reflect.get(this, 'output');
      // The front end shows the question with the field for its answer: it is not printed as well.
      const isShown = output === undefined || output === process.stdout || output === process.stderr;
      if (isShown) Reflect.set(this, 'output', undefined);
      let result: unknown;
      try {
        result = Reflect.apply(question, this, [query, ...rest]);
      } finally {
        if (isShown) Reflect.set(this, 'output', output);
      }
      input.prompt = isShown && typeof query === 'string' ? query : '';
      input.asked.add(this);
      if (input.isPaused()) input.resume();
      input.look();
      if (!(result instanceof Promise)) return result;
      return new Promise((resolve, reject) => {
        input.refusals.add(reject);
        void result.then(resolve, reject).finally(() => input.refusals.delete(reject));
      });
    };
    Object.defineProperties(asking, Object.getOwnPropertyDescriptors(question));
    Object.defineProperty(prototype, 'question', { value: asking, writable: true, configurable: true });
  }
}

/** `readSync` and `readFileSync` of descriptor 0 ask for a line, and block the cell until it comes. */
function readByAsking({ line }: Questions): void {
  const { readSync, readFileSync } = fs;
  let left = Buffer.alloc(0);
  const read = (...arguments_: unknown[]): unknown => {
    const [descriptor, into, offset, length] = arguments_;
    if (descriptor !== 0 || !ArrayBuffer.isView(into)) return Reflect.apply(readSync, fs, arguments_ as never);
    const options = (typeof offset === 'object' ? offset : undefined) as { offset?: number; length?: number } | null;
    const start = options?.offset ?? (typeof offset === 'number' ? offset : 0);
    const most = options?.length ?? (typeof length === 'number' ? length : into.byteLength - start);
    if (left.length === 0) left = Buffer.from(`${line()}\n`);
    const bytes = left.subarray(0, most);
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes, start);
    left = left.subarray(bytes.length);
    return bytes.length;
  };
  const readFile = (...arguments_: unknown[]): unknown => {
    const [file, options] = arguments_;
    if (file !== 0 && file !== '/dev/stdin') return Reflect.apply(readFileSync, fs, arguments_ as never);
    const bytes = Buffer.concat([left, Buffer.from(`${line()}\n`)]);
    left = Buffer.alloc(0);
    const encoding = typeof options === 'string' ? options : (options as { encoding?: unknown } | null)?.encoding;
    return typeof encoding === 'string' ? bytes.toString(encoding as BufferEncoding) : bytes;
  };
  Object.defineProperty(read, 'name', { value: 'readSync' });
  Object.defineProperty(readFile, 'name', { value: 'readFileSync' });
  fs.readSync = read as typeof readSync;
  fs.readFileSync = readFile as typeof readFileSync;
}
