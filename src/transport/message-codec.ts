import type { ConnectionInfo } from '../connection/connection-info.js';
import {
  decodeMessage,
  DEFAULT_LIMITS,
  encodeMessage,
  signParts,
  type DecodedMessage,
  type DecodeOptions,
  type EncodedMessage,
} from '../protocol/frames.js';
import type { Message } from '../protocol/message.js';
import { createReplayGuard } from '../protocol/replay-guard.js';
import { createSigner } from '../protocol/signer.js';

/** Turns messages of one connection into frames and back. */
export interface MessageCodec {
  encode(message: Message): Uint8Array[];
  /** The frames of a message that is written already, with this connection's signature. */
  sign(message: EncodedMessage): Uint8Array[];
  /** Throws only `message-*` errors. */
  decode(frames: readonly Uint8Array[], reading?: ReadingLimits): DecodedMessage;
}

/** Limits for reading one message. Default: those of the codec. */
export interface ReadingLimits extends Pick<DecodeOptions, 'bodyLimits'> {
  readonly maxBytes: number;
}

/** Limits of a codec. */
export interface CodecOptions {
  /** The most bytes of one message. */
  readonly maxBytes: number;
  /** The most values in one frame of JSON. Default: that of {@link DEFAULT_LIMITS}. */
  readonly maxNodes?: number;
  /** The kind of the other end (see {@link decodeMessage}). Default: a client. */
  readonly sender?: 'client' | 'kernel';
}

/**
 * The codec of one connection: its signature, and one memory for replayed messages on all of its channels.
 * Throws `signature-scheme-unsupported`.
 */
export function createMessageCodec(
  connection: ConnectionInfo,
  { maxBytes, maxNodes = DEFAULT_LIMITS.maxNodes, sender = 'client' }: CodecOptions,
): MessageCodec {
  const signer = createSigner(connection.signatureScheme, connection.key);
  const options = { limits: { ...DEFAULT_LIMITS, maxBytes, maxNodes }, replay: createReplayGuard(), sender };
  return {
    encode: (message) => encodeMessage(message, signer),
    sign: (message) => signParts(message, signer),
    decode: (frames, reading) =>
      decodeMessage(
        frames,
        signer,
        reading ? { ...options, ...reading, limits: { ...options.limits, maxBytes: reading.maxBytes } } : options,
      ),
  };
}
