/** `console`, `process.stdout` and `process.stderr` of the evaluator, whose output goes to the kernel. */
import { Buffer } from 'node:buffer';
import { Console } from 'node:console';
import process from 'node:process';
import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CellTracker } from '../run/cell-tracker.js';
import type { PipeToKernel } from '../pipe-to-kernel.js';

/**
 * Replaces them by streams that `print` at once, for the current cell. Returns the function to call at a cell's end: the groups that it
 * has opened in `console` end with it.
 */
export function captureOutput(print: PipeToKernel['print'], tracker: CellTracker): (cell: number) => void {
  const stdout = new CapturedStream(1, (text) => print(tracker.current(), 'stdout', text));
  const stderr = new CapturedStream(2, (text) => print(tracker.current(), 'stderr', text));
  replace(process, 'stdout', stdout);
  replace(process, 'stderr', stderr);
  // Node's own console reports to the inspector as well, which keeps the last thousand calls and all that they printed.
  // Without colours, which the environment forces on children.
  const options = { stdout, stderr, ignoreErrors: false, colorMode: false } as const;
  const own = Object.assign(new Console(options), { Console });
  replace(globalThis, 'console', own);
  return indentByCell(own, tracker);
}

function replace(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: name !== 'console' });
}

/** Limits the indentation of `console.group` to its own cell. Node keeps the indentation under a symbol, and reads it for each line. */
function indentByCell(console: Console, tracker: CellTracker): (cell: number) => void {
  const holder = console as unknown as Record<symbol, unknown>;
  const key = Object.getOwnPropertySymbols(holder).find((each) => holder[each] === '');
  const indents: Record<number, string | undefined> = Object.create(null) as {};
  if (key !== undefined) {
    Object.defineProperty(holder, key, {
      get: () => indents[tracker.current()] ?? '',
      set: (indent: string) => {
        indents[tracker.current()] = indent;
      },
    });
  }
  return (cell) => {
    delete indents[cell];
  };
}

type WriteCallback = (error?: Error | null) => void;

class CapturedStream extends Writable {
  readonly fd: number;
  readonly isTTY = false;
  readonly #emitText: (text: string) => void;
  readonly #decoder = new StringDecoder('utf8');

  constructor(fd: number, emitText: (text: string) => void) {
    // Code that waits for its end, as a pipeline does, must not wait for its close.
    super({ decodeStrings: false, autoDestroy: false, emitClose: false });
    this.fd = fd;
    this.#emitText = emitText;
  }

  /** Straight to the kernel: a stream's own queue would wait for a tick that a spinning cell never grants. */
  override write(chunk: unknown, encoding?: BufferEncoding | WriteCallback, callback?: WriteCallback): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    this.#emitText(this.#decode(chunk, typeof encoding === 'string' ? encoding : 'utf8'));
    if (done !== undefined) process.nextTick(done);
    return true;
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    this.#emitText(this.#decode(chunk, encoding));
    callback();
  }

  /** It cannot be ended, as the real ones; but `finish` is emitted, so that the caller does not wait for ever. */
  override end(...arguments_: unknown[]): this {
    const done = arguments_.find((each) => typeof each === 'function') as (() => void) | undefined;
    const [chunk, encoding] = arguments_;
    if (chunk !== undefined && chunk !== null && chunk !== done)
      this.write(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined);
    process.nextTick(() => {
      this.emit('finish');
      done?.();
    });
    return this;
  }

  override destroy(): this {
    return this;
  }

  #decode(chunk: unknown, encoding: BufferEncoding): string {
    if (typeof chunk === 'string') return encoding === 'utf8' ? chunk : Buffer.from(chunk, encoding).toString();
    if (chunk instanceof Uint8Array)
      return this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    throw new TypeError(`Text or bytes are expected, not ${chunk === null ? 'null' : typeof chunk}.`);
  }
}
