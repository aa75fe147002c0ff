/**
 * Frames on the pipes between kernel and evaluator: `u32 length of the rest | u32 length of the JSON | JSON | buffers`,
 * big endian. The JSON's `buffers` field, an array of lengths, tells where the binary tail is cut; a frame without binary
 * data has none. Printed text, which is most of the traffic, comes without JSON: `u32 length of the rest | u32 0 | u32 cell |
 * u8 1 for stderr | UTF-8`. Neither side deserialises anything but JSON: the evaluator runs foreign code.
 */
import { Buffer } from 'node:buffer';
import { scanJson } from '../../protocol/scan-json.js';
import { isObject } from '../../support/is-object.js';

/** The content of a frame: a JSON object, and binary buffers beside it. */
export interface Frame {
  readonly value: Readonly<Record<string, unknown>>;
  readonly buffers: readonly Uint8Array[];
}

/** Maximum size of a frame on either side, in bytes. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024;

/** Limits on what the reader of a frame has to parse or copy. */
export interface FrameLimits {
  /** JSON, in bytes. */
  readonly maxJsonBytes: number;
  /** Objects, arrays and values in it. */
  readonly maxJsonNodes: number;
  /** Printed text, in bytes. */
  readonly maxTextBytes: number;
}

/** Limits of frames from the evaluator. Values of user code, of any size, travel beside the JSON, as text or binary data. */
export const EVALUATOR_LIMITS: FrameLimits = {
  maxJsonBytes: 4 * 1024 * 1024,
  maxJsonNodes: 50_000,
  maxTextBytes: 64 * 1024,
};

/** Taken now: in the evaluator cells may replace them. */
const { parse, stringify } = JSON;
const { isArray } = Array;

const HEAD_BYTES = 8;
const NOTHING = Buffer.alloc(0);

/** Bytes before the text in a frame of printed text. */
export const TEXT_HEAD_BYTES = HEAD_BYTES + 5;

/** Completes a frame whose text of `bytes` bytes stands at {@link TEXT_HEAD_BYTES} already. */
export function writeTextHead(frame: Buffer, bytes: number, cell: number, isStderr: boolean): void {
  frame.writeUInt32BE(TEXT_HEAD_BYTES - 4 + bytes, 0);
  frame.writeUInt32BE(0, 4);
  frame.writeUInt32BE(cell, HEAD_BYTES);
  frame.writeUInt8(isStderr ? 1 : 0, HEAD_BYTES + 4);
}

/**
 * The bytes of one frame, in pieces: the buffers are not copied. Throws a `TypeError` when it is larger than {@link MAX_FRAME_BYTES}, or its JSON
 * than the limits.
 */
export function encodeFrame(value: object, buffers: readonly Uint8Array[] = [], limits?: FrameLimits): Uint8Array[] {
  // No methods of lists, which a cell may have patched.
  const lengths: number[] = [];
  let bufferBytes = 0;
  for (let at = 0; at < buffers.length; at++) {
    const bytes = buffers[at]?.byteLength ?? 0;
    lengths[at] = bytes;
    bufferBytes += bytes;
  }
  const json = stringify(buffers.length === 0 ? value : { ...value, buffers: lengths });
  const jsonBytes = Buffer.byteLength(json);
  if (limits !== undefined) checkJson(json, jsonBytes, limits);
  const total = HEAD_BYTES + jsonBytes + bufferBytes;
  if (total > MAX_FRAME_BYTES)
    throw new TypeError(`output of ${total} bytes, more than the limit of ${MAX_FRAME_BYTES}`);
  const head = Buffer.allocUnsafe(HEAD_BYTES + jsonBytes);
  head.writeUInt32BE(total - 4, 0);
  head.writeUInt32BE(jsonBytes, 4);
  head.write(json, HEAD_BYTES);
  const pieces: Uint8Array[] = [head];
  for (let at = 0; at < buffers.length; at++) pieces[at + 1] = buffers[at] ?? NOTHING;
  return pieces;
}

/** Cuts a byte stream into frames, whatever the chunks it comes in. A frame beyond the limits is an error. */
export function createFrameReader(limits?: FrameLimits) {
  /** The bytes of a frame that is not complete, and room for the rest of it, or for its head at least. */
  let begun: Buffer = NOTHING;
  let begunBytes = 0;
  return {
    /** The frames completed by `chunk`. Throws a `TypeError` on bytes that are no frame; the stream is then lost. */
    push(chunk: Buffer): Frame[] {
      // No methods of lists, which a cell may have patched.
      const frames: Frame[] = [];
      let offset = 0;
      while (offset < chunk.length) {
        if (begunBytes === 0) {
          // Most frames come whole, and need no copy.
          const whole = chunk.length - offset < HEAD_BYTES ? Infinity : frameBytes(chunk, offset);
          if (chunk.length - offset >= whole) {
            frames[frames.length] = decodeFrame(chunk.subarray(offset, offset + whole), limits);
            offset += whole;
            continue;
          }
          begun = Buffer.allocUnsafe(HEAD_BYTES);
        }
        const taken = chunk.copy(begun, begunBytes, offset);
        offset += taken;
        begunBytes += taken;
        if (begunBytes < begun.length) break;
        if (begun.length === HEAD_BYTES && frameBytes(begun, 0) > HEAD_BYTES) {
          const head = begun;
          begun = Buffer.allocUnsafe(frameBytes(head, 0));
          head.copy(begun);
          continue;
        }
        frames[frames.length] = decodeFrame(begun, limits);
        begun = NOTHING;
        begunBytes = 0;
      }
      return frames;
    },
  };
}

function frameBytes(bytes: Buffer, offset: number): number {
  const total = bytes.readUInt32BE(offset) + 4;
  if (total > MAX_FRAME_BYTES || total < HEAD_BYTES) throw new TypeError(`a frame of ${total} bytes`);
  return total;
}

function decodeFrame(frame: Buffer, limits: FrameLimits | undefined): Frame {
  if (frame.readUInt32BE(4) === 0) {
    if (limits !== undefined && frame.length > TEXT_HEAD_BYTES + limits.maxTextBytes)
      throw new TypeError('a frame of too much text');
    return { value: decodeText(frame), buffers: [] };
  }
  const jsonEnd = HEAD_BYTES + frame.readUInt32BE(4);
  if (jsonEnd > frame.length) throw new TypeError('a frame whose JSON is longer than the frame');
  if (limits !== undefined && jsonEnd - HEAD_BYTES > limits.maxJsonBytes)
    throw new TypeError('a frame of too much JSON');
  const json = frame.toString('utf8', HEAD_BYTES, jsonEnd);
  if (limits !== undefined) checkJson(json, jsonEnd - HEAD_BYTES, limits);
  const value = parseObject(json);
  const lengths: unknown = value['buffers'];
  if (lengths === undefined && jsonEnd === frame.length) return { value, buffers: [] };
  if (!isArray(lengths)) throw new TypeError('a frame whose buffer lengths are no list');
  let offset = jsonEnd;
  const buffers = lengths.map((length: unknown) => {
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
      throw new TypeError('a buffer without a length');
    const start = offset;
    offset += length;
    if (offset > frame.length) throw new TypeError('a buffer longer than its frame');
    return frame.subarray(start, offset);
  });
  if (offset !== frame.length) throw new TypeError('a frame with bytes left over');
  return { value, buffers };
}

function decodeText(frame: Buffer): Frame['value'] {
  if (frame.length < TEXT_HEAD_BYTES) throw new TypeError('a frame of text without a head');
  const name = frame.readUInt8(HEAD_BYTES + 4) === 1 ? 'stderr' : 'stdout';
  return { type: 'stream', cell: frame.readUInt32BE(HEAD_BYTES), name, text: frame.toString('utf8', TEXT_HEAD_BYTES) };
}

function checkJson(json: string, bytes: number, { maxJsonBytes, maxJsonNodes }: FrameLimits): void {
  if (bytes > maxJsonBytes) throw new TypeError(`a message of ${bytes} bytes, more than the limit of ${maxJsonBytes}`);
  // A value takes a character at least.
  if (bytes <= maxJsonNodes) return;
  const { nodes } = scanJson(json);
  if (nodes > maxJsonNodes) throw new TypeError(`a message of ${nodes} values, more than the limit of ${maxJsonNodes}`);
}

function parseObject(json: string): Frame['value'] {
  let value: unknown;
  try {
    value = parse(json);
  } catch {
    throw new TypeError('a frame that is not JSON');
  }
  if (!isObject(value)) throw new TypeError('a frame without an object');
  return value;
}
