import { checkJson } from '../../protocol/check-json.js';
import type { JsonObject } from '../../protocol/message.js';
import { encodedObject } from '../../protocol/encoded-object.js';
import type { Frame } from './pipe-frames.js';
import { checkEvaluatorMessage, type EvaluatorMessage } from './pipe-messages.js';

/** Characters of a text that are checked between two turns of the event loop: about a millisecond's work. */
const SLICE = 64 * 1024;
/** Maximum size, in bytes, of a result that history keeps. */
const MAX_HISTORY_TEXT = 1024 * 1024;

type Unfolded = readonly [EvaluatorMessage, readonly Uint8Array[]];

/**
 * The message in a frame of the evaluator, long parts of which lie beside the rest: see `evaluator/fold-data.ts`. Yields where the event
 * loop may turn. Throws as {@link checkEvaluatorMessage} does, and for a part that is no JSON object.
 */
export function* unfoldData({ value, buffers }: Frame): Generator<void, Unfolded> {
  const { written, ...rest } = value;
  const message = checkEvaluatorMessage(rest);
  if (written === undefined) return [message, buffers];
  if (!Array.isArray(written) || written.length > 2) throw new TypeError('a frame whose written parts are no list');
  const parts = new Map<unknown, JsonObject>();
  for (const [at, name] of written.entries()) parts.set(name, yield* readPart(buffers[at]));
  return [withParts(message, parts), buffers.slice(written.length)];
}

function* readPart(bytes: Uint8Array | undefined): Generator<void, JsonObject> {
  if (bytes === undefined) throw new TypeError('a frame without the data that it promises');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = yield* checkJson(text, SLICE, 'text/plain');
  const isShort = plain !== undefined && plain.length <= MAX_HISTORY_TEXT;
  return encodedObject(bytes, isShort ? { 'text/plain': textOf(plain) } : {});
}

function withParts(message: EvaluatorMessage, parts: ReadonlyMap<unknown, JsonObject>): EvaluatorMessage {
  const data = parts.get('data');
  if (message.type === 'display') return data === undefined ? message : { ...message, data };
  if (message.type === 'publish')
    return data === undefined ? message : { ...message, content: { ...message.content, data } };
  if (message.type !== 'done') throw new TypeError(`a message of type ${message.type} with data beside it`);
  const { result, userExpressions } = message;
  return {
    ...message,
    ...(result && { result: { ...result, data: data ?? result.data } }),
    userExpressions: parts.get('userExpressions') ?? userExpressions,
  };
}

function textOf(quoted: Buffer): string {
  const text: unknown = JSON.parse(quoted.toString());
  return typeof text === 'string' ? text : '';
}
