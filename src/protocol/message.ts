/**
 * A Jupyter message as a value, in the protocol's own words.
 *
 * Field names are those of the wire (`msg_id`, `parent_header`, …) everywhere in this package. Numbers are JavaScript's: an
 * integer beyond 2^53 loses precision, as in every browser front end. `source-text.ts` has the text that a kernel wrote.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html | Messaging in Jupyter}
 */

/** The channels of requests. */
export type RequestChannel = 'shell' | 'control' | 'stdin';

/** The channels that carry messages. */
export type Channel = RequestChannel | 'iopub';

/** The five sockets of a kernel. */
export type SocketName = Channel | 'heartbeat';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. From the wire it may own a key named `__proto__`: copy it by spreading, never by assignment. */
export type JsonObject = { readonly [key: string]: Json };

/** The header of a message. Nothing in it proves the identity of the sender: the socket on which the message arrived does. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  /** The sender's session. */
  readonly session: string;
  readonly username: string;
  /** ISO 8601, or empty when the sender left it out. */
  readonly date: string;
  /** Protocol version of the sender, or empty when it left it out. */
  readonly version: string;
  /** Shell requests only: the subshell that shall handle the request (JEP 91); null is the main shell. */
  readonly subshell_id?: string | null;
  readonly [key: string]: Json | undefined;
}

/** The header of the request that caused a message, or an empty object. */
export type ParentHeader = Header | Readonly<Record<string, never>>;

/** One message. */
export interface Message {
  readonly header: Header;
  readonly parent_header: ParentHeader;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  /** Raw bytes beside the JSON, such as widget data. Views, possibly into a larger buffer, and outside the signature. */
  readonly buffers: readonly Uint8Array[];
}

const REQUEST = '_request';

/** Whether a message of this type asks for a reply, whatever the request is. */
export function isRequestType(msgType: string): boolean {
  return msgType.length > REQUEST.length && msgType.endsWith(REQUEST);
}

/** The type of the reply: `execute_request` gives `execute_reply`; undefined for other types. */
export function replyType(msgType: string): string | undefined {
  return isRequestType(msgType) ? `${msgType.slice(0, -REQUEST.length)}_reply` : undefined;
}

/** The id of the request that caused this message; undefined when nothing did. */
export function parentId(message: Message): string | undefined {
  return message.parent_header.msg_id;
}
