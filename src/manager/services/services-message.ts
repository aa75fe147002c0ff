import { randomUUID } from 'node:crypto';
import { createMessage } from '../../protocol/create-message.js';
import type { Channel, Header, Message, ParentHeader } from '../../protocol/message.js';
import { completeContent } from './complete-content.js';

/** A message as `@jupyterlab/services` has it: `KernelMessage.IMessage`. Header fields have the same names on both sides. */
export interface ServicesMessage extends Omit<Message, 'buffers'> {
  readonly channel: Channel;
  readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}

/** True if the value has the shape of a message. */
export function isServicesMessage(value: unknown): value is ServicesMessage {
  return typeof value === 'object' && value !== null && 'header' in value && 'channel' in value;
}

/** Converts for KernelConnection, with missing fields filled in (see {@link completeContent}). Each buffer gets memory of its own. */
export function toServicesMessage(channel: Channel, message: Message): ServicesMessage {
  const content = channel === 'iopub' ? completeContent(message) : message.content;
  return { ...message, channel, content, buffers: message.buffers.map(toDataView) };
}

/** Converts for the wire. Buffers are copied: the memory that a view is part of may hold other data. */
export function fromServicesMessage(message: ServicesMessage): Message {
  const { header, parent_header, metadata, content, buffers = [] } = message;
  return { header, parent_header, metadata, content, buffers: buffers.map(copyBytes) };
}

/**
 * The execution state in a status message; undefined for other messages, and for the status of requests that are not executions, such as
 * completion.
 */
export function reportedState(
  channel: Channel,
  { header, parent_header: parent, content }: Message,
): string | undefined {
  if (channel !== 'iopub' || header.msg_type !== 'status') return undefined;
  // A kernel that names its parent by the id alone gives no type.
  if ((parent.msg_type ?? '') !== '' && parent.msg_type !== 'execute_request') return undefined;
  const state = content['execution_state'];
  return typeof state === 'string' ? state : undefined;
}

/** A status message that no kernel sent. `session` is the kernel's: KernelConnection drops messages of other sessions as old. */
export function statusMessage(session: string, state: string, parent: ParentHeader = {}): ServicesMessage {
  const message = createMessage({ session, username: '' }, 'status', { execution_state: state }, { parent });
  return toServicesMessage('iopub', message);
}

/** A kernel_info_reply that is known already, as the reply to another request. */
export function infoReply(info: Message, request: Header): ServicesMessage {
  const header = { ...info.header, msg_id: randomUUID() };
  return toServicesMessage('shell', { ...info, header, parent_header: request });
}

function toDataView(bytes: Uint8Array): DataView {
  const alone = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const own = alone ? bytes : new Uint8Array(bytes);
  return new DataView(own.buffer, own.byteOffset, own.byteLength);
}

function copyBytes(buffer: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice()
    : new Uint8Array(buffer).slice();
}
