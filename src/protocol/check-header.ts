import type { Header, JsonObject, ParentHeader } from './message.js';
import { malformed } from './refuse-message.js';

/** Longest text, in UTF-16 units, that a field of a header may hold; real ones have fewer than 100. */
const MAX_FIELD_LENGTH = 1024;

/**
 * Checks the header of a message that arrived, and fills fields that some front ends leave out (`session`, `username`, `date`,
 * `version`) with empty text. Unknown fields are kept.
 *
 * @throws CurveKernelError `message-malformed`.
 */
export function checkHeader(header: JsonObject): Header {
  const checked = fillHeader(header, 'header');
  if (checked.msg_id === '') throw malformed('the header has no msg_id');
  if (checked.msg_type === '') throw malformed('the header has no msg_type');
  return checked;
}

/**
 * Checks the parent header of a message that arrived. One without a `msg_id` names no parent and becomes `{}`: kernels with
 * fixed structures send it so.
 *
 * @throws CurveKernelError `message-malformed`.
 */
export function checkParentHeader(header: JsonObject): ParentHeader {
  const checked = fillHeader(header, 'parent header');
  return checked.msg_id === '' ? {} : checked;
}

function fillHeader(header: JsonObject, frame: string): Header {
  if (Object.hasOwn(header, '__proto__')) throw malformed(`the ${frame} has a member named __proto__`);
  text(header, frame, 'subshell_id');
  return {
    ...header,
    msg_id: text(header, frame, 'msg_id'),
    msg_type: text(header, frame, 'msg_type'),
    session: text(header, frame, 'session'),
    username: text(header, frame, 'username'),
    date: text(header, frame, 'date'),
    version: text(header, frame, 'version'),
  };
}

/** The text of a field; empty when it is missing or null. */
function text(header: JsonObject, frame: string, field: string): string {
  const value = header[field];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw malformed(`${field} in the ${frame} is no text`);
  if (value.length > MAX_FIELD_LENGTH) {
    throw malformed(`${field} in the ${frame} has ${value.length} characters, and ${MAX_FIELD_LENGTH} is the most`);
  }
  return value;
}
