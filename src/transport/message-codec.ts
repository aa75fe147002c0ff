import type { ConnectionInfo } from '../connection/connection-info.js';
import {
  decodeMessage,
  DEFAULT_LIMITS,
  encodeMessage,
  signParts,
  type DecodedMessage,
  type DecodeOptions,
  type EncodedMessage,
  type MessageLimits,
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
  decode(frames: readonly Uint8Array[], reading?: Partial<ReadingLimits>): DecodedMessage;
}

/** Limits for reading one message. Default: those of the codec. */
export type ReadingLimits = Pick<DecodeOptions, 'bodyLimits'> & Pick<MessageLimits, 'maxBytes'>;

/**
 * The codec of one connection: its signature, its limits, and one memory for replayed messages on all of its channels. `reading`
 * says who is at the other end (see {@link decodeMessage}).
 *
 * Throws `signature-scheme-unsupported`.
 */
export function createMessageCodec(
  connection: ConnectionInfo,
  own: Partial<MessageLimits>,
  reading: Pick<DecodeOptions, 'sender' | 'keepBytes'> = {},
): MessageCodec {
  const signer = createSigner(connection.signatureScheme, connection.key);
  const limits = { ...DEFAULT_LIMITS, ...own };
  const replay = createReplayGuard();
  return {
    encode: (message) => encodeMessage(message, signer),
    sign: (message) => signParts(message, signer),
    decode: (frames, { maxBytes = limits.maxBytes, ...more } = {}) =>
      decodeMessage(frames, signer, { replay, ...reading, ...more, limits: { ...limits, maxBytes } }),
  };
}
