import { CurveKernelError } from '../../errors.js';
import type { Json, JsonObject } from '../../protocol/message.js';
import { isObject } from '../../support/is-object.js';

/** The objects in a list that a kernel sent; none for anything else. */
export function readObjects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json): item is JsonObject => isObject(item)) : [];
}

/** The texts in a list that a kernel sent; none for anything else. */
export function readTexts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item: Json): item is string => typeof item === 'string') : [];
}

/** A text that a kernel may have sent; undefined for anything else. */
export function optionalText(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' ? value : undefined;
}

/** A text that a kernel must have sent. Throws `message-malformed`. */
export function requireText(object: JsonObject, field: string): string {
  const value = optionalText(object, field);
  if (value !== undefined) return value;
  throw malformed(field);
}

/** An object that a kernel must have sent. Throws `message-malformed`. */
export function requireObject(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  if (isObject(value)) return value;
  throw malformed(field);
}

const malformed = (field: string): CurveKernelError =>
  new CurveKernelError('message-malformed', `The reply of the kernel lacks ${field}.`, {
    hint: 'Use the same version of jupyter-curve on both sides.',
    data: { field },
  });
