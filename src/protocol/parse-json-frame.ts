import { isJsonObject } from './json-fields.js';
import { constants, isUtf8 } from 'node:buffer';
import type { Json } from './message.js';
import { parseJson, parsePythonJson } from './python-json.js';
import { malformedError, tooLargeError } from './message-errors.js';
import { scanJson } from './scan-json.js';
import { keepSourceText } from './source-text.js';

/** Limits of the JSON in one frame. */
export interface JsonLimits {
  /** Nesting of objects and arrays. */
  readonly maxDepth: number;
  /** Objects, arrays and their values, together. A text is one, however long. */
  readonly maxNodes: number;
}

/** Options of {@link parseJsonFrame}. */
export interface JsonFrameOptions extends JsonLimits {
  /** For headers of requests: UTF-8 and strict JSON (RFC 8259), with no name twice in the outermost object. */
  readonly strict: boolean;
  /** No name twice in the outermost object, where that is not strict. */
  readonly unique?: boolean;
  /** Keeps the text of an object with numbers that JavaScript changes, for `sourceTextOf`. */
  readonly keepNumbers?: boolean;
}

/**
 * Reads one JSON frame. Not strict, it is read as Python's `json` reads it: bytes that are not UTF-8 are U+FFFD, and NaN, Infinity and
 * -Infinity are numbers.
 *
 * Depth and count are looked at before anything is built. `frame` names the frame in errors, which never quote it.
 *
 * @throws CurveKernelError `message-malformed`, `message-too-large`.
 */
export function parseJsonFrame(bytes: Uint8Array, frame: string, options: JsonFrameOptions): Json {
  const text = decodeText(bytes, frame, options.strict);
  const scan = scanJson(text);
  if (scan.depth > options.maxDepth) {
    throw tooLargeError(`levels of nesting in its ${frame}`, 'maxDepth', scan.depth, options.maxDepth);
  }
  if (scan.nodes > options.maxNodes) {
    throw tooLargeError(`objects, arrays and values in its ${frame}`, 'maxNodes', scan.nodes, options.maxNodes);
  }
  const value = parse(text, frame, options.strict);
  if (
    (options.strict || options.unique === true) &&
    isJsonObject(value) &&
    Object.keys(value).length !== scan.members
  ) {
    throw malformedError(`The ${frame} has two members of one name.`);
  }
  if (options.keepNumbers === true && scan.unusualNumbers && isJsonObject(value)) keepSourceText(value, text);
  return value;
}

function decodeText(bytes: Uint8Array, frame: string, strict: boolean): string {
  if (bytes.byteLength > constants.MAX_STRING_LENGTH) {
    throw tooLargeError(`bytes in its ${frame}`, 'maxBytes', bytes.byteLength, constants.MAX_STRING_LENGTH);
  }
  if (strict && !isUtf8(bytes)) throw malformedError(`The ${frame} is not UTF-8.`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function parse(text: string, frame: string, strict: boolean): Json {
  const exact = parseJson(text);
  const value = exact === undefined && !strict ? parsePythonJson(text) : exact;
  // Without a cause: the engine's message quotes the text.
  if (value === undefined) throw malformedError(`The ${frame} is not JSON.`);
  return value;
}
