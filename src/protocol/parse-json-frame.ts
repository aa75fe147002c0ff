import { constants, isUtf8 } from 'node:buffer';
import type { JsonObject } from './message.js';
import { malformed, tooLarge } from './refuse-message.js';
import { scanJson } from './scan-json.js';

/** How much JSON one frame may hold. */
export interface JsonLimits {
  /** Nesting of objects and arrays. */
  readonly maxDepth: number;
  /** Objects, arrays and what is in them, together. A text is one, however long. */
  readonly maxNodes: number;
}

/** How a frame's JSON is to be read. */
export interface JsonFrameOptions extends JsonLimits {
  /** Refuse an object in which a name is written twice. */
  readonly uniqueNames: boolean;
  /** Read bytes that are not UTF-8 as U+FFFD, instead of refusing them. */
  readonly repairText: boolean;
}

/**
 * Reads one JSON frame: an object in UTF-8 and strict JSON (RFC 8259), so no byte order mark, NaN or Infinity.
 *
 * Depth and count are looked at before anything is built. `frame` names the frame in errors, which never quote it.
 *
 * @throws CurveKernelError `message-malformed`, `message-too-large`.
 */
export function parseJsonFrame(bytes: Uint8Array, frame: string, options: JsonFrameOptions): JsonObject {
  const text = decodeText(bytes, frame, options.repairText);
  const scan = scanJson(text);
  if (scan.depth > options.maxDepth) {
    throw tooLarge(`levels of nesting in its ${frame}`, 'maxDepth', scan.depth, options.maxDepth);
  }
  if (scan.nodes > options.maxNodes) {
    throw tooLarge(`objects, arrays and values in its ${frame}`, 'maxNodes', scan.nodes, options.maxNodes);
  }
  const value = parse(text, frame);
  if (!isJsonObject(value)) throw malformed(`the ${frame} is no JSON object`);
  if (options.uniqueNames && Object.keys(value).length !== scan.members) {
    throw malformed(`the ${frame} has two members of one name`);
  }
  return value;
}

/** Whether a parsed value is an object rather than an array, null or a bare value. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeText(bytes: Uint8Array, frame: string, repair: boolean): string {
  if (bytes.byteLength > constants.MAX_STRING_LENGTH) {
    throw tooLarge(`bytes in its ${frame}`, 'maxBytes', bytes.byteLength, constants.MAX_STRING_LENGTH);
  }
  if (!repair && !isUtf8(bytes)) throw malformed(`the ${frame} is not UTF-8`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function parse(text: string, frame: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without a cause: the engine's message quotes the text.
    throw malformed(`the ${frame} is not JSON`);
  }
}
