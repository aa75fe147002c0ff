/** JSON as Python's `json` module writes it: with NaN and infinities, which RFC 8259 does not have. */
import { randomUUID } from 'node:crypto';
import type { Json } from './message.js';
import { endOfString } from './scan-json.js';

/** Parses strict JSON (RFC 8259), each value as `revive` returns it (see `JSON.parse`); undefined for any other text. */
export function parseJson(text: string, revive?: (name: string, value: unknown) => unknown): Json | undefined {
  try {
    const json: Json = JSON.parse(text, revive);
    return json;
  } catch {
    return undefined;
  }
}

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
/** One of the words where a value may stand. Python takes none of them for the name of a member. */
const NUMBER_WORD = /(?:\bNaN|-Infinity|\bInfinity)\b(?!\s*:)/g;

/**
 * Parses JSON in which numbers may be `NaN`, `Infinity` and `-Infinity`, as Python's `json.loads` does; undefined for any other text.
 * Costs more than {@link parseJson}, so that is tried first.
 */
export function parsePythonJson(text: string): Json | undefined {
  if (!/NaN|Infinity/.test(text)) return undefined;
  // The words become texts that the sender cannot have written.
  const mark = randomUUID();
  const marked = replaceOutsideStrings(text, (part) => part.replace(NUMBER_WORD, (word) => `"${mark}${word}"`));
  return parseJson(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? NUMBERS.get(value.slice(mark.length)) : value,
  );
}

/** The JSON text with each part between its strings changed. */
export function replaceOutsideStrings(json: string, change: (part: string) => string): string {
  const parts: string[] = [];
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at);
    if (quote < 0) return parts.join('') + change(json.slice(at));
    const next = endOfString(json, quote) + 1;
    parts.push(change(json.slice(at, quote)), json.slice(quote, next));
    at = next;
  }
  return parts.join('');
}
