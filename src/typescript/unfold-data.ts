import { readWritten } from '../protocol/written-json.js';
import type { Frame } from './pipe-frames.js';
import { checkEvaluatorMessage, type EvaluatorMessage } from './pipe-messages.js';

/**
 * The message in a frame of the evaluator, long data of which lies beside the rest: see `evaluator/fold-data.ts`. Throws as
 * {@link checkEvaluatorMessage} does, and for data that is no JSON object.
 */
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
