/** Reads the fields of an object that came as JSON, such as the content of a request: a peer may have put anything there. */
import { CurveKernelError } from '../errors.js';
import { isObject } from '../support/is-object.js';
import type { Json, JsonObject } from './message.js';

/** Makes the error for a field that is not what is wanted. `found` says what it is: `missing`, `a list`. */
export type MalformedField = (name: string, wanted: string, found: string) => CurveKernelError;

/** A text. @throws CurveKernelError as `malformed` makes it; by default 'message-malformed' about a request */
export function textField(object: JsonObject, name: string, malformed: MalformedField = malformedRequest): string {
  const value = object[name];
  if (typeof value === 'string') return value;
  throw malformed(name, 'text', kindOf(value));
}

/** A text, or undefined where the field is absent or null. @throws as {@link textField} */
export function optionalTextField(object: JsonObject, name: string, malformed?: MalformedField): string | undefined {
  return (object[name] ?? undefined) === undefined ? undefined : textField(object, name, malformed);
}

/** A boolean, or a number as Python takes it for one; the default where the field is absent or null. @throws as {@link textField} */
export function flagField(object: JsonObject, name: string, byDefault: boolean): boolean {
  const value = object[name] ?? byDefault;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  throw malformedRequest(name, 'true or false', kindOf(value));
}

/** A whole number of any size, or undefined where the field is absent or null. @throws as {@link textField} */
export function integerField(object: JsonObject, name: string): number | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw malformedRequest(name, 'a whole number', kindOf(value));
}

/**
 * Texts by name; none where the field is absent, null or an empty list, which is how PHP writes an empty object. @throws as
 * {@link textField}
 */
export function textsField(object: JsonObject, name: string): Readonly<Record<string, string>> {
  const value = object[name] ?? {};
  if (Array.isArray(value) && value.length === 0) return {};
  if (!isJsonObject(value)) throw malformedRequest(name, 'an object', kindOf(value));
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts.length < Object.keys(value).length)
    throw malformedRequest(name, 'an object of texts', 'one of other values');
  return Object.fromEntries(texts);
}

/** An object. @throws as {@link textField} */
export function objectField(object: JsonObject, name: string, malformed?: MalformedField): JsonObject {
  const value = object[name];
  if (isJsonObject(value)) return value;
  throw (malformed ?? malformedRequest)(name, 'an object', kindOf(value));
}

/** The objects in a list; none for anything else. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item: Json): item is JsonObject => isJsonObject(item)) : [];
}

/** The texts in a list; none for anything else. */
export function textsIn(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item: Json): item is string => typeof item === 'string') : [];
}

/** A text; undefined for anything else. */
export const textIn = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** Whether a value that was parsed from JSON is an object rather than a list, null or a bare value. */
export const isJsonObject = (value: unknown): value is JsonObject => isObject(value);

/** The kind of a value, in words for an error. */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'object') return isJsonObject(value) ? 'an object' : 'a list';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

const malformedRequest: MalformedField = (name, wanted, found) =>
  new CurveKernelError('message-malformed', `The field ${name} should be ${wanted}, and is ${found}.`, {
    hint: 'See the messaging specification of Jupyter for what this request holds.',
    data: { field: name },
  });
