/** JSON that arrives written, and leaves in the same words: to read a megabyte and write it again costs half of what encrypting it does. */
import { isUtf8 } from 'node:buffer';
import type { JsonObject } from './message.js';
import { outlineOf } from './outline-json.js';
import { isJsonObject } from './parse-json-frame.js';

/** A JSON object that was read by {@link readWritten}. */
export interface Written {
  /** Sent as the bytes that it was read from where it is a member of a message's content. It cannot be changed. */
  readonly value: JsonObject;
  /** The same with long texts cut short: for who asks of its shape, and need not read it whole. */
  readonly outline: JsonObject;
}

const written = new WeakMap<object, Uint8Array>();

/**
 * Reads the JSON text of an object, in UTF-8; leave the bytes alone from then on. A text that holds half a surrogate pair is not sent
 * as it is, since that is repaired when it is written.
 *
 * @throws TypeError for anything else.
 */
export function readWritten(bytes: Uint8Array): Written {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(text)) throw new TypeError('text that is not UTF-8');
  const short = outlineOf(text);
  const outline = parseObject(short);
  const value = short === text ? Object.freeze(outline) : readLate(() => parseObject(text));
  if (!text.includes('\\ud') && !text.includes('\\uD')) written.set(value, bytes);
  return { value, outline };
}

/** The bytes that a value was read from by {@link readWritten}. */
export function writtenAs(value: unknown): Uint8Array | undefined {
  return typeof value === 'object' && value !== null ? written.get(value) : undefined;
}

function parseObject(text: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.toString());
  } catch {
    // Without a cause: the engine's message quotes the text.
    throw new TypeError('text that is not JSON');
  }
  if (!isJsonObject(value)) throw new TypeError('JSON that is no object');
  return value;
}

const refuse = (): boolean => false;

/** An object that is read when somebody looks into it. Most are only passed on. */
function readLate(read: () => JsonObject): JsonObject {
  let found: JsonObject | undefined;
  const whole = (): JsonObject => (found ??= read());
  return new Proxy<JsonObject>(
    {},
    {
      get: (_, name) => Reflect.get(whole(), name) as unknown,
      has: (_, name) => Reflect.has(whole(), name),
      ownKeys: () => Reflect.ownKeys(whole()),
      getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(whole(), name),
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
      setPrototypeOf: refuse,
      // Of what is frozen, all that it shows would have to be here already.
      preventExtensions: refuse,
    },
  );
}
