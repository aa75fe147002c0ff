/** Reads the fields of a request's content, which is whatever the client sent. */
import { CurveKernelError } from '../../errors.js';
import type { JsonObject } from '../../protocol/message.js';

/** A text that must be there. @throws CurveKernelError 'message-malformed' */
export function textField(content: JsonObject, name: string): string {
  const value = content[name];
  if (typeof value === 'string') return value;
  throw malformed(name, 'text', value);
}

/** A boolean, or a number as Python takes it for one; the default where the field is absent or null. @throws CurveKernelError 'message-malformed' */
export function flagField(content: JsonObject, name: string, byDefault: boolean): boolean {
  const value = content[name] ?? byDefault;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  throw malformed(name, 'true or false', value);
}

/** A whole number of any size, or undefined where the field is absent or null. @throws CurveKernelError 'message-malformed' */
export function integerField(content: JsonObject, name: string): number | undefined {
  const value = content[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw malformed(name, 'a whole number', value);
}

/** Texts by name; none where the field is absent, null or an empty list, which is how PHP writes an empty object. @throws CurveKernelError 'message-malformed' */
export function textsField(content: JsonObject, name: string): Readonly<Record<string, string>> {
  const value = content[name] ?? {};
  if (Array.isArray(value) && value.length === 0) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name, 'an object', value);
  const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts.length < Object.keys(value).length) throw malformed(name, 'texts only', value);
  return Object.fromEntries(texts);
}

function malformed(name: string, wanted: string, found: unknown): CurveKernelError {
  const type = found === null || found === undefined ? 'missing' : Array.isArray(found) ? 'a list' : typeof found;
  return new CurveKernelError('message-malformed', `the field ${name} should be ${wanted}, and is ${type}`, {
    hint: 'see the messaging specification of Jupyter for what this request holds',
    data: { field: name },
  });
}
