/** JSON that arrives encoded and leaves as the same bytes: to parse and write a megabyte costs half as much as to encrypt it. */
import type { Json, JsonObject } from './message.js';
import { isObject } from '../support/is-object.js';

interface Written {
  readonly bytes: Uint8Array;
  /** The members that can be looked at without reading the bytes. Absent: all of them. */
  readonly known?: Readonly<Record<string, string>>;
}

const written = new WeakMap<object, Written>();

/**
 * An object that is sent as `bytes`, the UTF-8 text of a JSON object that was checked before, where it is a member of a message's content;
 * leave the bytes alone from then on. It cannot be changed. To look at any member but those that are `known` reads all of it, by `parse`.
 */
export function encodedObject(
  bytes: Uint8Array,
  known: Readonly<Record<string, string>> = {},
  parse: () => JsonObject = () => parseObject(bytes),
): JsonObject {
  let found: JsonObject | undefined;
  const whole = (): JsonObject => (found ??= parse());
  const value = new Proxy<JsonObject>(
    {},
    {
      get: (_, name) =>
        typeof name === 'string' && Object.hasOwn(known, name) ? known[name] : (Reflect.get(whole(), name) as unknown),
      has: (_, name) => Reflect.has(whole(), name),
      ownKeys: () => Reflect.ownKeys(whole()),
      getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(whole(), name),
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
      setPrototypeOf: refuse,
      // A frozen proxy must have all of its members in the target.
      preventExtensions: refuse,
    },
  );
  written.set(value, { bytes, known });
  return value;
}

/** Has an object, which was read from `bytes`, be sent as them. Copies of it are not. */
export function keepEncoded<Value extends object>(value: Value, bytes: Uint8Array): Value {
  written.set(value, { bytes });
  return value;
}

/** The bytes of a {@link encodedObject}, and of what was given to {@link keepEncoded}. */
export function encodedBytes(value: unknown): Uint8Array | undefined {
  return typeof value === 'object' && value !== null ? written.get(value)?.bytes : undefined;
}

/** A member of any object, as far as that is known without reading a {@link encodedObject}. */
export function knownMember(value: JsonObject, name: string): Json | undefined {
  const known = written.get(value)?.known;
  return known === undefined ? value[name] : known[name];
}

/** Escapes of lower-case letters in JSON: all that may hide a name from a search of the bytes. */
const ESCAPES = ['\\u006', '\\u007'] as const;

/** False if neither the object nor anything in it has a member of this name, in lower-case letters, as far as a look at its bytes tells. */
export function mayMention(value: JsonObject, name: string): boolean {
  const found = encodedBytes(value);
  if (found === undefined) return true;
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.byteLength);
  return bytes.includes(`"${name}"`) || ESCAPES.some((escape) => bytes.includes(escape));
}

function parseObject(bytes: Uint8Array): JsonObject {
  const value: Json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  if (!isObject(value)) throw new TypeError('The JSON is not an object.');
  return value;
}

const refuse = (): boolean => false;
