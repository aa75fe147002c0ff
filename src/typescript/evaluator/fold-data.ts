/**
 * The data of a display, when it is long, crosses the pipe as JSON text beside the rest: the kernel checks it and sends it on as it is,
 * and does not write again what it has read. The frame then says `written`, and the text is the first of its buffers.
 */
import { Buffer } from 'node:buffer';
import type { EvaluatorMessage } from '../pipe-messages.js';

/** UTF-16 units of JSON from which on data is long. */
const LONG = 32 * 1024;

/** Taken now: cells may replace it. */
const { stringify } = JSON;

/** What to write into a frame for `message`. Call it where cells' changes to builtins are undone. */
export function foldData(message: EvaluatorMessage, buffers: readonly Uint8Array[]): [object, readonly Uint8Array[]] {
  if (message.type !== 'display') return [message, buffers];
  const text = stringify(message.data);
  if (text.length < LONG) return [message, buffers];
  return [{ ...message, data: undefined, written: true }, [Buffer.from(text), ...buffers]];
}
