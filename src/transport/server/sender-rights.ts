import type { BodyLimits } from '../../protocol/frames.js';
import type { Header, RequestChannel } from '../../protocol/message.js';
import type { ListenerLimits } from './listener-limits.js';
import type { ReadingLimits } from '../message-codec.js';

/** The present rights of the identity of a listener, which decide how much of its messages is read. */
export interface SenderRights {
  /** It may send what can be large: code, and messages of comms with their data. */
  sendsLarge(): boolean;
  /** Whether it may send a message with that header, whatever the rest of it says. */
  maySend(channel: RequestChannel, header: Header): boolean;
}

/** Limits for a message that its header already refuses: those of a front end's usual request, since refusing must cost next to nothing. */
const REFUSED: BodyLimits = { maxBodyBytes: 4096, maxDepth: 16, maxNodes: 256 };

/** Requests without code or comm data have fewer than fifty values. */
const SMALL_NODES = 10_000;
const SMALL_DEPTH = 64;

/** Limits for reading a message that arrives now. */
export function readingLimits(
  rights: SenderRights,
  channel: RequestChannel,
  { messageBytes, smallMessageBytes }: Pick<ListenerLimits, 'messageBytes' | 'smallMessageBytes'>,
): ReadingLimits {
  const isSmall = !rights.sendsLarge();
  const maxBytes = isSmall ? Math.min(smallMessageBytes, messageBytes) : messageBytes;
  const small: BodyLimits = { maxBodyBytes: maxBytes, maxDepth: SMALL_DEPTH, maxNodes: SMALL_NODES };
  return {
    maxBytes,
    bodyLimits: (header) => {
      if (!rights.maySend(channel, header)) return REFUSED;
      return isSmall ? small : undefined;
    },
  };
}
