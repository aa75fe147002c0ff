import type { KernelMessage } from '@jupyterlab/services';
import type { JsonObject } from '../protocol/message.js';
import { sourceTextOf } from '../protocol/source-text.js';
import { isJsonObject } from './check-shape.js';
import { parseJson } from './parse-json.js';
import { pythonNumber } from './python-number.js';

/**
 * The message with the numbers of its content as a notebook has to have them: those that JavaScript would change are `ExactNumber`s (see
 * {@link pythonNumber}). The message itself where there are none, or where it came from another library, which read it as JavaScript does.
 */
export function withExactNumbers(message: KernelMessage.IIOPubMessage): KernelMessage.IIOPubMessage {
  // All that it can hold is a flag, which KernelConnection was given as true or false.
  if (message.header.msg_type === 'clear_output') return message;
  const content = exactContent(message.content);
  if (content === message.content) return message;
  return { ...message, content };
}

/** Content of a message with its numbers as {@link withExactNumbers} has them; what is no object is an empty one. */
export function exactContent(content: unknown): JsonObject {
  const found = toObject(content);
  const text = sourceTextOf(found);
  return text === undefined ? found : toObject(parseJson(text, pythonNumber));
}

/** `value` if it is a JSON object, else an empty one. */
export function toObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
