import { randomUUID } from 'node:crypto';
import type { Header, JsonObject, Message, ParentHeader } from './message.js';

/**
 * The version of the messaging protocol that this package speaks.
 *
 * To 5.4, which jupyter_client 8.10 declares, 5.5 adds `iopub_welcome` on an XPUB socket (JEP 65), kernel_info on the control
 * channel, `supported_features` (JEP 92) and `subshell_id` in headers; subshells and the debugger stay optional in it.
 * Readers compare the major number only.
 */
export const PROTOCOL_VERSION = '5.5';

/** The sender of messages, and the source of their ids and dates. */
export interface MessageOrigin {
  /** One id for the life of a client or kernel. */
  readonly session: string;
  readonly username: string;
  readonly now?: () => Date;
  readonly newId?: () => string;
}

/** The optional parts of a message. */
export interface MessageOptions {
  /** The header of the request that this message answers. */
  readonly parent?: ParentHeader;
  readonly metadata?: JsonObject;
  /** Not copied: leave them alone until the message is sent. */
  readonly buffers?: readonly Uint8Array[];
  /** Subshell that shall handle a shell request (JEP 91). */
  readonly subshellId?: string;
}

/** Makes a message with a header of its own: a new id, and the time of this call. */
export function createMessage(
  origin: MessageOrigin,
  msgType: string,
  content: JsonObject,
  options: MessageOptions = {},
): Message {
  const header: Header = {
    msg_id: (origin.newId ?? randomUUID)(),
    msg_type: msgType,
    session: origin.session,
    username: origin.username,
    date: (origin.now?.() ?? new Date()).toISOString(),
    version: PROTOCOL_VERSION,
    ...(options.subshellId === undefined ? {} : { subshell_id: options.subshellId }),
  };
  return {
    header,
    parent_header: options.parent ?? {},
    metadata: options.metadata ?? {},
    content,
    buffers: options.buffers ?? [],
  };
}
