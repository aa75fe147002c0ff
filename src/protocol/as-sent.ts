/**
 * The fields of a request's header as its sender wrote them. Here a header has texts; whoever sent the number 7 as its id waits for a
 * parent header with the number 7, and for each of its digits.
 */
import type { Header, JsonObject } from './message.js';
import { membersOf } from './scan-json.js';

/** By header, the JSON of the fields that are no text. A copy of a header has none, so a header that hides an id never tells it here. */
const sent = new WeakMap<object, ReadonlyMap<string, string>>();

/** Fields that are told back as they were. The name is not among them: it is the one that was verified. */
const ECHOED = ['msg_id', 'session', 'date', 'version'] as const;

/** Remembers the fields of `original`, read from `frame`, that are something else than text. */
export function keepAsSent(header: Header, original: JsonObject, frame: Uint8Array): void {
  const odd = ECHOED.filter((field) => original[field] !== undefined && typeof original[field] !== 'string');
  if (odd.length === 0) return;
  const members = membersOf(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString());
  sent.set(header, new Map(odd.flatMap((field) => [...members].filter(([name]) => name === field))));
}

/** The same header under another name, and otherwise told back as before. */
export function inNameOf(header: Header, username: string): Header {
  const renamed = { ...header, username };
  const fields = sent.get(header);
  if (fields !== undefined) sent.set(renamed, fields);
  return renamed;
}

/** The JSON of the fields of a header that its sender did not write as text. */
export function asSent(header: object): ReadonlyMap<string, string> | undefined {
  return sent.get(header);
}
