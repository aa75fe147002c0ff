/**
 * The data of a display, when it is long, crosses the pipe as JSON text beside the rest: the kernel checks it and sends it on as it is,
 * and does not write again what it has read. The frame then says `written`, and the text is the first of its buffers.
 */
import { Buffer } from 'node:buffer';
import { readWritten } from '../protocol/written-json.js';
import type { Frame } from './pipe-frames.js';
import { checkEvaluatorMessage, type EvaluatorMessage } from './pipe-messages.js';

/** UTF-16 units of JSON from which on data is long. */
const LONG = 32 * 1024;

/** Taken now: in the evaluator cells may replace it. */
const { stringify } = JSON;

/** What to write into a frame for `message`. In the evaluator, call it where cells' changes to builtins are undone. */
export function foldData(message: EvaluatorMessage, buffers: readonly Uint8Array[]): [object, readonly Uint8Array[]] {
  if (message.type !== 'display') return [message, buffers];
  const text = stringify(message.data);
  if (text.length < LONG) return [message, buffers];
  return [{ ...message, data: undefined, written: true }, [Buffer.from(text), ...buffers]];
}

/** The message in a frame of the evaluator. Throws as {@link checkEvaluatorMessage} does, and for data that is no JSON object. */
export function unfoldData({ value, buffers }: Frame): [EvaluatorMessage, readonly Uint8Array[]] {
  const { written, ...rest } = value;
  if (written === undefined) return [checkEvaluatorMessage(value), buffers];
  const [text, ...others] = buffers;
  if (text === undefined) throw new TypeError('a frame without the data that it promises');
  const { value: data, outline } = readWritten(text);
  const message = checkEvaluatorMessage({ ...rest, data: outline });
  if (message.type !== 'display') throw new TypeError(`a message of type ${message.type} with data beside it`);
  return [{ ...message, data }, others];
}
