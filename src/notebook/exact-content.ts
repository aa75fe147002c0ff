import type { KernelMessage } from '@jupyterlab/services';
import type { JsonObject } from '../protocol/message.js';
import { sourceTextOf } from '../protocol/source-text.js';
import { toObject } from './check-shape.js';
import { parseJson } from './parse-json.js';
import { pythonNumber } from './exact-number.js';

/**
 * Returns the message with numbers in its content that JavaScript would change as `ExactNumber`s (see {@link pythonNumber}). Returns the
 * message itself if it has none, or came from another library, which parsed it with JSON.parse.
 */
export function withExactNumbers(message: KernelMessage.IIOPubMessage): KernelMessage.IIOPubMessage {
  // Its only field is a flag, which KernelConnection was given as true or false.
  if (message.header.msg_type === 'clear_output') return message;
  const content = exactContent(message.content);
  if (content === message.content) return message;
  return { ...message, content };
}

/** The content of a message with numbers as in {@link withExactNumbers}; an empty object for a value that is no object. */
export function exactContent(content: unknown): JsonObject {
  const found = toObject(content);
  const text = sourceTextOf(found);
  return text === undefined ? found : toObject(parseJson(text, pythonNumber));
}
