/**
 * Messages as ZeroMQ frames, and back.
 *
 * On the wire a message is `[routing…, '<IDS|MSG>', signature, header, parent_header, metadata, content, buffers…]`.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol | The wire protocol}
 */
import { checkHeader, checkParentHeader } from './check-header.js';
import type { Json, JsonObject, Message, ParentHeader } from './message.js';
import { parseJsonFrame, type JsonLimits } from './parse-json-frame.js';
import { malformed, replayed, tooLarge, unsigned } from './refuse-message.js';
import type { ReplayGuard } from './replay-guard.js';
import type { Signer } from './signer.js';
import { writtenAs } from './written-json.js';

/** Stands between the routing frames and the signature. */
export const DELIMITER = '<IDS|MSG>';

/** The most that a message may be. */
export interface MessageLimits extends JsonLimits {
  /** All frames together. */
  readonly maxBytes: number;
  /** The header, and the parent header: whoever is shown an answer to a message is sent its header as well. */
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

/** What a message is held against. */
export interface DecodeOptions {
  readonly limits?: MessageLimits;
  /** Where given, a signature that it has seen is refused. */
  readonly replay?: ReplayGuard;
  /**
   * Read bytes in metadata and content that are not UTF-8 as U+FFFD, as jupyter_client does, instead of refusing the message.
   * For messages of kernels: Python sends names of files so, and a refused reply is a client that waits for ever.
   */
  readonly repairText?: boolean;
}

/** A message, and the frames by which an answer finds its way back. */
export interface DecodedMessage {
  readonly routing: readonly Uint8Array[];
  readonly message: Message;
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
  const heads = [message.header, message.parent_header, message.metadata];
  return {
    parts: [...heads.map((part) => Buffer.from(writeJson(part))), writeContent(message.content)],
    buffers: message.buffers,
  };
}

/** Members that are written already are copied. */
function writeContent(content: JsonObject): Uint8Array {
  const members = Object.entries(content);
  if (!members.some(([, value]) => writtenAs(value))) return Buffer.from(writeJson(content));
  const pieces = members.flatMap(([name, value], at) => [
    Buffer.from(`${at === 0 ? '{' : ','}${writeJson(name)}:`),
    writtenAs(value) ?? Buffer.from(writeJson(value)),
  ]);
  return Buffer.concat([...pieces, Buffer.from('}')]);
}

/** The same message with another parent; everything else is written already. */
export function withParent({ parts, buffers }: EncodedMessage, parent: ParentHeader): EncodedMessage {
  return { parts: parts.with(1, Buffer.from(writeJson(parent))), buffers };
}

/** The frames of an encoded message on one connection, from the delimiter on; routing frames are the sender's matter. */
export function signParts({ parts, buffers }: EncodedMessage, signer: Signer): Uint8Array[] {
  return [DELIMITER_BYTES, Buffer.from(signer.sign(parts), 'latin1'), ...parts, ...buffers];
}

/** {@link encodeParts} and {@link signParts} for a message that goes out by one connection. */
export function encodeMessage(message: Message, signer: Signer): Uint8Array[] {
  return signParts(encodeParts(message), signer);
}

/**
 * Reads a message from its frames, looking in this order at lengths, delimiter, signature, replay, JSON and shape: nothing of
 * an unsigned message is parsed, and only verified signatures are remembered. Any message type is accepted. Routing frames
 * and buffers of the result are the frames given, not copies.
 *
 * @throws CurveKernelError `message-too-large`, `message-malformed`, `message-unsigned`, `message-replayed`; nothing else,
 * whatever the frames hold.
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
    throw malformed(
      `${frames.length - delimiter - 1} frames follow the delimiter, and ${FIXED_FRAMES} or more were wanted`,
    );
  }
  for (const { byteLength } of [header, parentHeader]) {
    const most = limits.maxHeaderBytes;
    if (byteLength > most) throw tooLarge('bytes in a header', 'maxHeaderBytes', byteLength, most);
  }
  if (!signer.verify(signature, [header, parentHeader, metadata, content])) throw unsigned();
  // Without signatures there is nothing to know a message by.
  if (signer.signs && options.replay?.admit(signature) === false) throw replayed();

  // Readers differ in which of two members they believe, so headers, which tell who asks for what, may not repeat one.
  const strict = { ...limits, uniqueNames: true, repairText: false };
  const lax = { ...limits, uniqueNames: false, repairText: options.repairText ?? false };
  return {
    routing: frames.slice(0, delimiter),
    message: {
      header: checkHeader(parseJsonFrame(header, 'header', strict)),
      parent_header: checkParentHeader(parseJsonFrame(parentHeader, 'parent header', strict)),
      metadata: parseJsonFrame(metadata, 'metadata', lax),
      content: parseJsonFrame(content, 'content', lax),
      buffers: frames.slice(delimiter + 1 + FIXED_FRAMES),
    },
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

function checkLengths(frames: readonly Uint8Array[], limits: MessageLimits): void {
  if (frames.length > limits.maxFrames) throw tooLarge('frames', 'maxFrames', frames.length, limits.maxFrames);
  let bytes = 0;
  for (const frame of frames) bytes += frame.byteLength;
  if (bytes > limits.maxBytes) throw tooLarge('bytes', 'maxBytes', bytes, limits.maxBytes);
}

function findDelimiter(frames: readonly Uint8Array[], limits: MessageLimits): number {
  const delimiter = frames.findIndex((frame) => DELIMITER_BYTES.equals(frame));
  if (delimiter < 0) throw malformed(`none of the ${frames.length} frames is the delimiter ${DELIMITER}`);
  if (delimiter > limits.maxIdentities) {
    throw tooLarge('routing frames', 'maxIdentities', delimiter, limits.maxIdentities);
  }
  return delimiter;
}
