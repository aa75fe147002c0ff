import { ExactNumber, toNumber } from './exact-number.js';

/** How {@link writeJson} writes. */
export interface JsonStyle {
  /** In many lines, with an indent of one space and sorted keys, instead of in one. */
  readonly isIndented?: boolean;
  /** What NaN and infinities, which JSON does not have, become: the words that Python's json module writes (the default), or null. */
  readonly notFinite?: 'words' | 'null';
}

/**
 * JSON as Python's json module writes it, with numbers as they were written. JSON.stringify cannot do this: it puts keys that look like
 * numbers first, whatever order they were given in, and has no 1.0. Members that are undefined are left out.
 */
export function writeJson(value: unknown, style: JsonStyle = {}, newline = '\n'): string {
  const number = toNumber(value);
  if (value instanceof ExactNumber) return value.text;
  if (number !== undefined) return style.notFinite === 'null' && !Number.isFinite(number) ? 'null' : String(number);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isIndented = style.isIndented === true;
  const inner = `${newline} `;
  const write = (item: unknown): string => writeJson(item, style, inner);
  const items = Array.isArray(value)
    ? value.map((item: unknown) => write(item ?? null))
    : membersOf(value, isIndented).map(
        ([key, item]) => `${JSON.stringify(key)}:${isIndented ? ' ' : ''}${write(item)}`,
      );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (!isIndented || items.length === 0) return `${open}${items.join(',')}${close}`;
  return `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
}

function membersOf(object: object, isSorted: boolean): readonly (readonly [string, unknown])[] {
  const members = Object.entries(object).filter(([, item]) => item !== undefined);
  if (!isSorted) return members;
  return members.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))); // by code point, as Python, not by UTF-16 unit
}
