import { keepOriginalFields } from './original-fields.js';
import type { Header, Json, JsonObject, ParentHeader } from './message.js';
import { malformedError } from './message-errors.js';
import { isObject } from '../support/is-object.js';

/** Longest text, in UTF-16 units, that a field of a request's header may hold; real ones have fewer than 100. */
const MAX_FIELD_LENGTH = 1024;

/** Fields that are text by the messaging specification, beside the id and the type. */
const DESCRIPTIVE = ['session', 'username', 'date', 'version'] as const;

/**
 * Reads the header of a request that a client sent. The type and `subshell_id`, which decide how it is handled, have to be text; an id may be
 * a number. The other fields are texts in the result, empty where they are missing or no scalar. Unknown fields are kept.
 * {@link originalFields} has what the client wrote.
 *
 * @param frame The bytes of the header.
 * @throws CurveKernelError `message-malformed`.
 */
export function checkHeader(header: Json, frame: Uint8Array): Header {
  const object = checkObject(header, 'header');
  if (typeof (object['subshell_id'] ?? '') !== 'string')
    throw malformedError('The subshell_id in the header is not text.');
  const checked = fill(object, 'header');
  checkLengths(checked, 'header');
  keepOriginalFields(checked, object, frame);
  return checked;
}

/**
 * Reads the parent header of a message that a client sent; only its id is acted on. One without an id names no parent and is `{}`.
 *
 * @throws CurveKernelError `message-malformed`.
 */
export function checkParentHeader(header: Json): ParentHeader {
  if (isObject(header)) checkObject(header, 'parent header');
  const parent = readParentHeader(header);
  checkLengths(parent, 'parent header');
  return parent;
}

/**
 * Reads the header of a message that a kernel sent, as jupyter_client does: it needs a type and an id.
 *
 * @throws CurveKernelError `message-malformed`.
 */
export function readHeader(header: Json): Header {
  if (!isObject(header)) throw malformedError('The header is not a JSON object.');
  return fill(withoutOddities(header), 'header');
}

/** Reads the parent header of a message that a kernel sent. One without an id, or that is no object, names no parent and is `{}`. */
export function readParentHeader(header: Json): ParentHeader {
  if (!isObject(header) || toId(header['msg_id']) === '') return {};
  const parent = withoutOddities(header);
  return { ...parent, ...texts(parent), msg_id: toId(parent['msg_id']), msg_type: toText(parent['msg_type']) };
}

/** Without what some kernels make of a null (`{}`, which R writes), and without a name that copies by assignment take for a prototype. */
function withoutOddities(header: JsonObject): JsonObject {
  const { subshell_id: subshell = null, ...rest } = header;
  const named = 'subshell_id' in header ? { subshell_id: typeof subshell === 'string' ? subshell : null } : {};
  return Object.fromEntries(Object.entries({ ...rest, ...named }).filter(([name]) => name !== '__proto__'));
}

function fill(header: JsonObject, frame: string): Header {
  const [id, type] = [toId(header['msg_id']), header['msg_type']];
  if (id === '') throw malformedError(`The ${frame} has no msg_id.`);
  if (typeof type !== 'string' || type === '') throw malformedError(`The ${frame} has no msg_type.`);
  return { ...header, ...texts(header), msg_id: id, msg_type: type };
}

const texts = (header: JsonObject): Record<(typeof DESCRIPTIVE)[number], string> => ({
  session: toText(header['session']),
  username: toText(header['username']),
  date: toText(header['date']),
  version: toText(header['version']),
});

/** A text or a number as text; empty for the rest. */
const toId = (value: Json | undefined): string => (typeof value === 'boolean' ? '' : toText(value));

/** Text, numbers and booleans as text; empty for the rest. */
function toText(value: Json | undefined): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : '';
}

function checkObject(header: Json, frame: string): JsonObject {
  if (!isObject(header)) throw malformedError(`The ${frame} is not a JSON object.`);
  if (Object.hasOwn(header, '__proto__')) throw malformedError(`The ${frame} has a member named __proto__.`);
  return header;
}

function checkLengths(header: ParentHeader, frame: string): void {
  for (const field of ['msg_id', 'msg_type', 'subshell_id', ...DESCRIPTIVE] as const) {
    const length = header[field]?.length ?? 0;
    if (length > MAX_FIELD_LENGTH) {
      throw malformedError(`The ${field} in the ${frame} has ${length} characters; the limit is ${MAX_FIELD_LENGTH}.`);
    }
  }
}
