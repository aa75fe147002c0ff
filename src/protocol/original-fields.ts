/**
 * The fields of a request's header as its sender wrote them. A {@link Header} has texts only; a client that sent the number 7 as its id
 * waits for a parent header with the number 7, digit for digit.
 */
import { randomUUID } from 'node:crypto';
import type { Header, JsonObject } from './message.js';
import { replaceOutsideStrings } from './python-json.js';

/** By header, the JSON of the fields that are not text. A copy of a header has none, so a header that hides an id never tells it here. */
const originals = new WeakMap<object, ReadonlyMap<string, string>>();

/** Fields that are returned as they were. The name is not among them: it is the one that was verified. */
const ECHOED = ['msg_id', 'session', 'date', 'version'] as const;
const NUMBER = /-?\d[\d.eE+-]*/g;

/** Remembers the fields of `original`, read from the JSON in `frame`, that are something else than text. */
export function keepOriginalFields(header: Header, original: JsonObject, frame: Uint8Array): void {
  const odd = ECHOED.filter((field) => original[field] !== undefined && typeof original[field] !== 'string');
  if (odd.length === 0) return;
  const json = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString();
  // Numbers become texts that the sender cannot have written: parsed and written again, they keep their digits.
  const mark = randomUUID();
  const marked = replaceOutsideStrings(json, (part) => part.replace(NUMBER, (number) => `"${mark}${number}"`));
  const exact: JsonObject = JSON.parse(marked);
  const unmark = (text: string): string => text.replaceAll(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
  originals.set(header, new Map(odd.map((field) => [field, unmark(JSON.stringify(exact[field]))])));
}

/** The same header under another name, and otherwise returned as before. */
export function withUsername(header: Header, username: string): Header {
  if (header.username === username) return header;
  const renamed = { ...header, username };
  const fields = originals.get(header);
  if (fields !== undefined) originals.set(renamed, fields);
  return renamed;
}

/** The JSON of the fields of a header that its sender did not write as text. */
export function originalFields(header: object): ReadonlyMap<string, string> | undefined {
  return originals.get(header);
}
