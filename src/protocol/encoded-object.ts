/** JSON that arrives encoded and leaves as the same bytes: to parse and write a megabyte costs half as much as to encrypt it. */
import type { Json, JsonObject } from './message.js';
import { isObject } from '../support/is-object.js';

interface Written {
  readonly bytes: Uint8Array;
  readonly known: Readonly<Record<string, string>>;
}

const written = new WeakMap<object, Written>();

/**
 * An object that is sent as `bytes`, the UTF-8 text of a JSON object that was checked before, where it is a member of a message's content;
 * leave the bytes alone from then on. It cannot be changed. To look at any member but those that are `known` reads all of it.
 */
export function encodedObject(bytes: Uint8Array, known: Readonly<Record<string, string>> = {}): JsonObject {
  let found: JsonObject | undefined;
  const whole = (): JsonObject => (found ??= parseObject(bytes));
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

/** The bytes of a {@link encodedObject}. */
export function encodedBytes(value: unknown): Uint8Array | undefined {
  return typeof value === 'object' && value !== null ? written.get(value)?.bytes : undefined;
}

/** A member of any object, as far as that is known without reading a {@link encodedObject}. */
export function knownMember(value: JsonObject, name: string): Json | undefined {
  const found = written.get(value);
  return found === undefined ? value[name] : found.known[name];
}

function parseObject(bytes: Uint8Array): JsonObject {
  const value: Json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  if (!isObject(value)) throw new TypeError('The JSON is not an object.');
  return value;
}

const refuse = (): boolean => false;
