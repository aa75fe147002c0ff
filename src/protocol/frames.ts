/**
 * Messages as ZeroMQ frames, and back.
 *
 * On the wire a message is `[routing…, '<IDS|MSG>', signature, header, parent_header, metadata, content, buffers…]`.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol | The wire protocol}
 */
import { originalFields } from './original-fields.js';
import { checkHeader, checkParentHeader, readHeader, readParentHeader } from './check-header.js';
import { CurveKernelError } from '../errors.js';
import type { Header, Json, JsonObject, Message, ParentHeader } from './message.js';
import { parseJsonFrame, type JsonLimits } from './parse-json-frame.js';
import { malformedError, replayedError, tooLargeError, unsignedError } from './message-errors.js';
import type { ReplayGuard } from './replay-guard.js';
import type { Signer } from './signer.js';
import { encodedBytes, encodedObject, keepEncoded } from './encoded-object.js';
import { isObject } from '../support/is-object.js';

/** Stands between the routing frames and the signature. */
export const DELIMITER = '<IDS|MSG>';

/** The most that a message may be. */
export interface MessageLimits extends JsonLimits {
  /** All frames together. */
  readonly maxBytes: number;
  /** The header, and the parent header, of a request: every client that is shown an answer to it is sent its header as well. */
  readonly maxHeaderBytes: number;
  /** Frames, routing and buffers included. */
  readonly maxFrames: number;
  /** Frames before the delimiter: routing ids, or the topic on iopub. */
  readonly maxIdentities: number;
}

/**
 * Far above what front ends send, and low enough that one message cannot exhaust a process or hold it up: the worst that a frame
 * within them costs is some tenths of a second.
 */
export const DEFAULT_LIMITS: MessageLimits = Object.freeze({
  maxBytes: 256 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxFrames: 4096,
  maxIdentities: 16,
  maxDepth: 512,
  maxNodes: 250_000,
});

/** The most that metadata and content may be. */
export interface BodyLimits extends JsonLimits {
  /** Both together, without buffers. */
  readonly maxBodyBytes: number;
}

/** Options of {@link decodeMessage}. */
export interface DecodeOptions {
  readonly limits?: MessageLimits;
  /** Refuses a signature that it has seen. Default: none is refused. */
  readonly replay?: ReplayGuard;
  /** Asked of a client's request when its header is known, and before metadata and content are parsed. Default: those of `limits`. */
  readonly bodyLimits?: (header: Header) => BodyLimits | undefined;
  /** The kind of the sender. Default: `client`. Nothing is decided by the headers of a kernel, so they are read as jupyter_client reads them. */
  readonly sender?: 'client' | 'kernel';
  /**
   * Headers, metadata and content are sent on as the bytes that came ({@link keepEncoded}): digits of numbers, order and spaces stay. Long
   * metadata and content of a kernel are not read before they are looked at. Of a client, none may have a member twice in its outermost
   * object: the next reader may believe another of the two. Default: false.
   */
  readonly keepBytes?: boolean;
}

/** A message, and the frames by which an answer finds its way back. */
export interface DecodedMessage {
  readonly routing: readonly Uint8Array[];
  readonly message: Message;
  /**
   * Of a request whose headers can be read and whose metadata or content cannot, which are empty in the message then: the reason. The only
   * answer to it is an error.
   */
  readonly fault?: CurveKernelError;
}

const DELIMITER_BYTES = Buffer.from(DELIMITER);
/** Signature, header, parent header, metadata, content. */
const FIXED_FRAMES = 5;

/** A message whose JSON is written: what it has in common on every connection that it goes out by. */
export interface EncodedMessage {
  /** Header, parent header, metadata, content. */
  readonly parts: readonly Uint8Array[];
  readonly buffers: readonly Uint8Array[];
}

/** Writes a message's JSON, once for all connections. Buffers are not copied: leave them alone until the frames are sent. */
export function encodeParts(message: Message): EncodedMessage {
  const { header, parent_header: parent, metadata, content } = message;
  return {
    parts: [writePart(header), writeParent(parent), writePart(metadata), writeContent(content)],
    buffers: message.buffers,
  };
}

const writePart = (part: Header | ParentHeader | JsonObject): Uint8Array =>
  encodedBytes(part) ?? Buffer.from(writeJson(part));

/** The JSON of a parent header, with the numbers of the request as its sender wrote them. */
function writeParent(parent: ParentHeader): Uint8Array {
  const fields = originalFields(parent);
  if (fields === undefined || encodedBytes(parent)) return writePart(parent);
  const members = Object.entries(parent).filter(([, value]) => value !== undefined);
  const written = members.map(([name, value = null]) => `${writeJson(name)}:${fields.get(name) ?? writeJson(value)}`);
  return Buffer.from(`{${written.join(',')}}`);
}

/** Members that are written already are copied. */
function writeContent(content: JsonObject): Uint8Array {
  const whole = encodedBytes(content);
  if (whole !== undefined) return whole;
  const members = Object.entries(content);
  if (!members.some(([, value]) => encodedBytes(value))) return Buffer.from(writeJson(content));
  const pieces = members.flatMap(([name, value], at) => [
    Buffer.from(`${at === 0 ? '{' : ','}${writeJson(name)}:`),
    encodedBytes(value) ?? Buffer.from(writeJson(value)),
  ]);
  return Buffer.concat([...pieces, Buffer.from('}')]);
}

/** The same message with another parent; everything else is written already. */
export function withParent({ parts, buffers }: EncodedMessage, parent: ParentHeader): EncodedMessage {
  return { parts: parts.with(1, writeParent(parent)), buffers };
}

/** The frames of an encoded message on one connection, from the delimiter on; the sender adds the routing frames. */
export function signParts({ parts, buffers }: EncodedMessage, signer: Signer): Uint8Array[] {
  return [DELIMITER_BYTES, Buffer.from(signer.sign(parts), 'latin1'), ...parts, ...buffers];
}

/** {@link encodeParts} and {@link signParts} for a message that goes out by one connection. */
export function encodeMessage(message: Message, signer: Signer): Uint8Array[] {
  return signParts(encodeParts(message), signer);
}

/**
 * Reads a message from its frames, looking in this order at lengths, delimiter, signature, replay, JSON and shape: nothing of
 * an unsigned message is parsed, and only verified signatures are remembered. Any message type is accepted. Metadata and content that
 * are no objects are empty. Of content that a kernel sent, `sourceTextOf` has the text where its numbers are not kept. Routing frames and buffers of the result are the frames given, not copies.
 *
 * @throws CurveKernelError `message-too-large`, `message-malformed`, `message-unsigned`, `message-replayed`; nothing else,
 * whatever the frames hold; a client's request of which only metadata or content is unreadable is returned, with its fault. Where a
 * signed message cannot be read, `data` has its `msgType`, and as `parentId` the id of the request that it
 * belongs to, as far as they can.
 */
export function decodeMessage(
  frames: readonly Uint8Array[],
  signer: Signer,
  options: DecodeOptions = {},
): DecodedMessage {
  const limits = options.limits ?? DEFAULT_LIMITS;
  checkLengths(frames, limits);
  const delimiter = findDelimiter(frames, limits);
  const [signature, header, parentHeader, metadata, content] = frames.slice(
    delimiter + 1,
    delimiter + 1 + FIXED_FRAMES,
  );
  if (!signature || !header || !parentHeader || !metadata || !content) {
    throw malformedError(
      `${frames.length - delimiter - 1} frames follow the delimiter; ${FIXED_FRAMES} or more are wanted.`,
    );
  }
  const fromKernel = options.sender === 'kernel';
  for (const { byteLength } of fromKernel ? [] : [header, parentHeader]) {
    const most = limits.maxHeaderBytes;
    if (byteLength > most) throw tooLargeError('bytes in a header', 'maxHeaderBytes', byteLength, most);
  }
  if (!signer.verify(signature, [header, parentHeader, metadata, content])) throw unsignedError();
  // Without signatures there is nothing to know a message by.
  if (signer.signs && options.replay?.admit(signature) === false) throw replayedError();

  // Readers differ in which of two members they believe, so a request's header, which tells who asks for what, may not repeat one.
  const head = { ...limits, strict: !fromKernel };
  const lax = { ...limits, strict: false };
  const explain = (error: unknown): unknown => {
    if (!(error instanceof CurveKernelError)) return error;
    const { code, message, hint, data } = error;
    return new CurveKernelError(code, message, { hint, data: { ...data, ...origins(header, parentHeader, lax) } });
  };
  const routing = frames.slice(0, delimiter);
  const buffers = frames.slice(delimiter + 1 + FIXED_FRAMES);
  let heads: Pick<Message, 'header' | 'parent_header'> | undefined;
  try {
    const [own, parent] = [parseJsonFrame(header, 'header', head), parseJsonFrame(parentHeader, 'parent header', head)];
    heads = {
      header: fromKernel ? readHeader(own) : checkHeader(own, header),
      parent_header: fromKernel ? readParentHeader(parent) : checkParentHeader(parent),
    };
    const most = fromKernel ? undefined : options.bodyLimits?.(heads.header);
    const bytes = metadata.byteLength + content.byteLength;
    if (most && bytes > most.maxBodyBytes) {
      throw tooLargeError('bytes of metadata and content', 'maxBodyBytes', bytes, most.maxBodyBytes);
    }
    const json = { ...lax, ...most, unique: options.keepBytes === true && !fromKernel };
    const body = (frame: Uint8Array, name: string): JsonObject => {
      const read = (): JsonObject => toObject(parseJsonFrame(frame, name, { ...json, keepNumbers: fromKernel }));
      if (options.keepBytes !== true) return read();
      if (!fromKernel || frame.byteLength <= MOST_READ_BYTES) return keepEncoded(read(), frame);
      return encodedObject(frame, {}, () => readOr(UNREADABLE, read));
    };
    if (options.keepBytes === true) {
      keepEncoded(heads.header, header);
      keepEncoded(heads.parent_header, parentHeader);
    }
    const message = { ...heads, metadata: body(metadata, 'metadata'), content: body(content, 'content'), buffers };
    return { routing, message };
  } catch (error) {
    const fault = explain(error);
    if (fromKernel || heads === undefined || !(fault instanceof CurveKernelError)) throw fault;
    return { routing, message: { ...heads, metadata: {}, content: {}, buffers }, fault };
  }
}

/** Of bodies that are kept as bytes: longer ones are read when they are looked at. */
const MOST_READ_BYTES = 2_048;

/** Stands for what turns out to be unreadable when it is looked at: its groups are nothing that could be read, so it is for few. */
const UNREADABLE: JsonObject = { metadata: { groups: null }, groups: null };

function readOr(otherwise: JsonObject, read: () => JsonObject): JsonObject {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** PHP writes an empty object as `[]`, other kernels write null. */
const toObject = (value: Json): JsonObject => (isObject(value) ? value : {});

/** Error data about a message that cannot be read: its type, and the id of the request that waits for it. */
function origins(header: Uint8Array, parentHeader: Uint8Array, limits: JsonLimits): Readonly<Record<string, string>> {
  const read = (frame: Uint8Array): JsonObject => {
    try {
      return toObject(parseJsonFrame(frame, 'header', { ...limits, strict: false }));
    } catch {
      return {};
    }
  };
  const type = read(header)['msg_type'];
  const { msg_id: parentId } = readParentHeader(read(parentHeader));
  return {
    ...(typeof type === 'string' && { msgType: type }),
    ...(parentId !== undefined && { parentId }),
  };
}

/**
 * Half a surrogate pair is JSON in JavaScript and in Python, and yet no front end in Python can save a notebook that holds
 * one: it becomes U+FFFD, in names of members too. `JSON.stringify` escapes nothing else as `\\ud…`, so the second pass is rare.
 */
function writeJson(part: Json | object): string {
  const json = JSON.stringify(part);
  if (!json.includes('\\ud')) return json;
  // From escape to escape, so that a backslash that is itself escaped begins none.
  return json.replace(/\\(ud[89a-f]..|.)/g, (escape, code: string) => (code.length > 1 ? '\ufffd' : escape));
}

/** Bytes of all frames together. */
export function totalBytes(frames: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.byteLength;
  return bytes;
}

function checkLengths(frames: readonly Uint8Array[], limits: MessageLimits): void {
  if (frames.length > limits.maxFrames) throw tooLargeError('frames', 'maxFrames', frames.length, limits.maxFrames);
  const bytes = totalBytes(frames);
  if (bytes > limits.maxBytes) throw tooLargeError('bytes', 'maxBytes', bytes, limits.maxBytes);
}

function findDelimiter(frames: readonly Uint8Array[], limits: MessageLimits): number {
  const delimiter = frames.findIndex((frame) => DELIMITER_BYTES.equals(frame));
  if (delimiter < 0) throw malformedError(`None of the ${frames.length} frames is the delimiter ${DELIMITER}.`);
  if (delimiter > limits.maxIdentities) {
    throw tooLargeError('routing frames', 'maxIdentities', delimiter, limits.maxIdentities);
  }
  return delimiter;
}
