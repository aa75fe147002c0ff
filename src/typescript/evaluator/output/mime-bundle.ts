/** Values as MIME bundles: by a method of their own, or else by their shape, and always with their text. */
import { inspect, types } from 'node:util';
import type { JsonObject } from '../../../protocol/message.js';
import { hasProperties } from '../../../support/is-object.js';
import { ORIGINAL } from '../builtins.js';
import { knownFormat } from './known-formats.js';

const { isArray, JSON, Promise, Reflect } = ORIGINAL;

/** A value by MIME type, as plain JSON, and its metadata for front ends. */
export interface Bundle {
  readonly data: JsonObject;
  readonly metadata: JsonObject;
}

/** The name of a value's own display method, sync or async, which returns a MIME bundle. Deno's convention. */
export const DISPLAY = Symbol.for('Jupyter.display');

/** Types that front ends show as text: anything but a string breaks them. */
const TEXT: Readonly<Record<string, true | undefined>> = {
  __proto__: null as never,
  'text/plain': true,
  'text/html': true,
  'text/markdown': true,
  'text/latex': true,
  'image/svg+xml': true,
};

/** The bundle of any value; a promise only when the value's own method returns one. Throws what that method throws. */
export function mimeBundle(value: unknown): Bundle | Promise<Bundle> {
  // A proxy may answer every question, or throw at each.
  if (!hasProperties(value) || types.isProxy(value)) return ofText(value);
  const own: unknown = Reflect.get(value, DISPLAY);
  if (typeof own !== 'function') return known(value) ?? ofText(value);
  const data: unknown = Reflect.apply(own, value, []);
  return data instanceof Promise ? data.then((each: unknown) => ofOwn(value, each)) : ofOwn(value, data);
}

/** A bundle as plain JSON. Throws a `TypeError` for what is none. */
export function bundle(data: unknown): Bundle {
  const made = jsonObject(data);
  if (made === undefined) throw new TypeError(`A MIME bundle is expected, not ${inspect(data, { depth: 0 })}.`);
  for (const type in made) {
    const text = made[type];
    if (TEXT[type] === true && typeof text !== 'string')
      throw new TypeError(`${type} must be a string, not ${inspect(text, { depth: 0 })}.`);
  }
  return { data: made, metadata: {} };
}

/** An object as plain JSON; undefined where it is no object. Throws a `TypeError` when it cannot be written as JSON. */
export function jsonObject(value: unknown): JsonObject | undefined {
  if (!hasProperties(value)) return undefined;
  const text = JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)) as
    string | undefined;
  const made: unknown = text === undefined ? undefined : JSON.parse(text);
  return hasProperties(made) && !isArray(made) ? (made as JsonObject) : undefined;
}

function ofText(value: unknown): Bundle {
  return { data: { 'text/plain': inspect(value) }, metadata: {} };
}

function ofOwn(value: object, data: unknown): Bundle {
  if (!hasProperties(data))
    throw new TypeError(`Symbol.for('Jupyter.display') must return a MIME bundle, not ${inspect(data)}.`);
  return bundle('text/plain' in data ? data : { 'text/plain': inspect(value, { depth: 1 }), ...data });
}

function known(value: object): Bundle | undefined {
  try {
    const data = knownFormat(value);
    return data && bundle({ 'text/plain': inspect(value), ...data });
  } catch {
    return undefined; // a value that only looks like one
  }
}
