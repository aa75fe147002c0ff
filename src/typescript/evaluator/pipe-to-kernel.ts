/**
 * Frames on the pipe to the kernel, written by whichever of the evaluator's threads holds the pipe.
 *
 * Printed text is gathered in memory that both threads share. The main thread writes it out before anything else it sends; the control
 * thread does when a cell prints and then spins. So ten thousand lines cost a few writes, and none waits for long.
 */
import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';
import { kill, pid } from 'node:process';
import { createMemoryRelease } from '../../support/release-memory.js';
import { encodeFrame, EVALUATOR_LIMITS, TEXT_HEAD_BYTES, writeTextHead } from '../pipe/pipe-frames.js';
import { checkEvaluatorMessage, type EvaluatorMessage } from '../pipe/pipe-messages.js';
import { ORIGINAL, type Builtins } from './builtins.js';
import { foldData } from './output/fold-data.js';
import { uninterruptible } from './interrupt/uninterruptible.js';
import { FLAGS } from './thread-flags.js';

/** Sends a message to the kernel. Throws a `TypeError`, and sends nothing, when it is malformed, too large or no JSON. */
export type Send = (message: EvaluatorMessage, buffers?: readonly Uint8Array[]) => void;

/** Memory and descriptor of the pipe, the same in both threads. */
export interface SharedPipe {
  readonly descriptor: number;
  readonly flags: Int32Array;
  readonly text: SharedArrayBuffer;
}

/** See {@link openPipeToKernel}. */
export type PipeToKernel = ReturnType<typeof openPipeToKernel>;

const { Atomics, Reflect } = ORIGINAL;
const { slice } = String.prototype;
/** Through which a cell reaches every object's JSON. */
const anyObject = Array.prototype;

/** Types that are folded, which no change of a cell to builtins may disturb. */
const FOLDED: Readonly<Record<string, true | undefined>> = {
  __proto__: null as never,
  display: true,
  publish: true,
};
const RETRY_MS = 1;
const TEXT_BYTES = 64 * 1024;
/** No UTF-16 unit needs more bytes of UTF-8. */
const BYTES_PER_UNIT = 3;
const PIECE = Math.floor((TEXT_BYTES - TEXT_HEAD_BYTES) / BYTES_PER_UNIT);

/** The memory for a pipe on that descriptor, to be given to both threads. */
export function createSharedPipe(descriptor: number, flags: Int32Array): SharedPipe {
  return { descriptor, flags, text: new SharedArrayBuffer(TEXT_BYTES) };
}

/**
 * The pipe as one thread uses it. Frames are never mixed, and printed text keeps its place among them. On the main thread no termination
 * happens while it is held. `onPrinted` is called when there is printed text that should be written out soon.
 */
export function openPipeToKernel(
  { descriptor, flags, text: memory }: SharedPipe,
  builtins: Builtins,
  onPrinted: () => void,
) {
  const text = Buffer.from(memory);
  const releaseMemory = createMemoryRelease();
  // Taken now: a cell that changes `fs` must not break the pipe.
  const write = writeSync;

  const holding = (action: () => void): void => {
    while (Atomics.compareExchange(flags, FLAGS.pipe, 0, 1) !== 0) Atomics.wait(flags, FLAGS.pipe, 1);
    try {
      action();
    } finally {
      Atomics.store(flags, FLAGS.pipe, 0);
      Atomics.notify(flags, FLAGS.pipe);
    }
  };

  const writeAll = (bytes: Uint8Array, length: number): void => {
    for (let sent = 0; sent < length;) {
      try {
        sent += write(descriptor, bytes, sent, length - sent);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') kill(pid, 'SIGKILL'); // the kernel is gone
        Atomics.wait(flags, FLAGS.pipe, 1, RETRY_MS);
      }
    }
  };

  const writeText = (): void => {
    const length = Atomics.exchange(flags, FLAGS.printed, 0);
    if (length === 0) return;
    writeTextHead(text, length, Atomics.load(flags, FLAGS.printedCell), Atomics.load(flags, FLAGS.printedName) === 1);
    writeAll(text, TEXT_HEAD_BYTES + length);
  };

  const append = (cell: number, name: number, piece: string): void => {
    const isOther = Atomics.load(flags, FLAGS.printedCell) !== cell || Atomics.load(flags, FLAGS.printedName) !== name;
    const room = TEXT_BYTES - TEXT_HEAD_BYTES - Atomics.load(flags, FLAGS.printed);
    if (isOther || piece.length * BYTES_PER_UNIT > room) writeText();
    Atomics.store(flags, FLAGS.printedCell, cell);
    Atomics.store(flags, FLAGS.printedName, name);
    const start = Atomics.load(flags, FLAGS.printed);
    Atomics.store(flags, FLAGS.printed, start + text.write(piece, TEXT_HEAD_BYTES + start));
    if (start === 0 && Atomics.exchange(flags, FLAGS.flushing, 1) === 0) onPrinted();
  };

  const send: Send = (message, buffers = []) => {
    // A message that the kernel would refuse is the user's mistake, and must not reach it: it replaces processes that break the pipe.
    const encode = (): Uint8Array[] =>
      encodeFrame(...foldData(checkEvaluatorMessage(message), buffers), EVALUATOR_LIMITS);
    const isSimple = !FOLDED[message.type] && buffers.length === 0 && !('toJSON' in anyObject);
    const frame = isSimple ? encode() : builtins.run(encode);
    uninterruptible(flags, () =>
      holding(() => {
        writeText();
        for (let at = 0; at < frame.length; at++) {
          const piece = frame[at] as Uint8Array;
          writeAll(piece, piece.length);
          releaseMemory(piece.length);
        }
      }),
    );
  };
  return {
    send,
    /** Prints for a cell. */
    print(cell: number, name: 'stdout' | 'stderr', printed: string): void {
      for (let start = 0; start < printed.length; start += PIECE) {
        const piece: string = Reflect.apply(slice, printed, [start, start + PIECE]);
        uninterruptible(flags, () => holding(() => append(cell, name === 'stderr' ? 1 : 0, piece)));
      }
    },
    /** Writes out the printed text. On the main thread, call it within {@link uninterruptible}. */
    flush: (): void => holding(writeText),
  };
}
