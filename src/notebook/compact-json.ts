import type { Json } from '../protocol/message.js';
import { ExactNumber, toNumber } from './exact-number.js';

/**
 * JSON in one line, with numbers as they were written.
 *
 * @param notFinite What NaN and infinities, which JSON does not have, become: the words that Python's json module writes, or null.
 */
export function compactJson(value: Json, notFinite: 'words' | 'null'): string {
  if (value instanceof ExactNumber) return value.text;
  const number = toNumber(value);
  if (number !== undefined) return Number.isFinite(number) || notFinite === 'words' ? String(number) : 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => compactJson(item, notFinite)).join(',')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${compactJson(member, notFinite)}`,
  );
  return `{${members.join(',')}}`;
}
