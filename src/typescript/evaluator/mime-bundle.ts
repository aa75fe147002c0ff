/** Values as MIME bundles: what a value says of itself, then what its shape tells, and always its text. */
import { inspect } from 'node:util';
import type { Json, JsonObject } from '../../protocol/message.js';
import { knownFormat } from './known-formats.js';

/** A value by MIME type, as plain JSON, and what front ends are to know of it. */
export interface Bundle {
  readonly data: JsonObject;
  readonly metadata: JsonObject;
}

/** How a value says how it is displayed: a method, sync or async, that returns a MIME bundle. Deno's convention. */
export const DISPLAY = Symbol.for('Jupyter.display');

/** The bundle of any value; a promise only when the value's own method returns one. Throws what that method throws. */
export function mimeBundle(value: unknown): Bundle | Promise<Bundle> {
  if (!isObject(value)) return bundle({ 'text/plain': inspect(value) });
  const own: unknown = Reflect.get(value, DISPLAY);
  if (typeof own !== 'function') return bundle({ 'text/plain': inspect(value), ...known(value) });
  const data: unknown = Reflect.apply(own, value, []);
  return data instanceof Promise ? data.then((each: unknown) => ofOwn(value, each)) : ofOwn(value, data);
}

/** A bundle as plain JSON. */
export function bundle(data: object, metadata: object = {}): Bundle {
  return { data: toJson(data) as JsonObject, metadata: toJson(metadata) as JsonObject };
}

function ofOwn(value: object, data: unknown): Bundle {
  if (!isObject(data))
    throw new TypeError(`Symbol.for('Jupyter.display') must return a MIME bundle, not ${inspect(data)}`);
  return bundle('text/plain' in data ? data : { 'text/plain': inspect(value, { depth: 1 }), ...data });
}

function known(value: object): Record<string, unknown> | undefined {
  try {
    return knownFormat(value);
  } catch {
    return undefined; // a value that only looks like one
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)),
  ) as Json;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
