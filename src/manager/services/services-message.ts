/** Messages as `@jupyterlab/services` has them, and back. Header fields have the same names on both sides. */
import { randomUUID } from 'node:crypto';
import { createMessage } from '../../protocol/create-message.js';
import type { Channel, Header, Message, ParentHeader } from '../../protocol/message.js';
import { completeContent } from './complete-content.js';

/** A message in the shape that KernelConnection takes and gives: `KernelMessage.IMessage`. */
export interface ServicesMessage extends Omit<Message, 'buffers'> {
  readonly channel: Channel;
  readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
}

/** Whether something that was sent as a message is one. */
export function isServicesMessage(value: unknown): value is ServicesMessage {
  return typeof value === 'object' && value !== null && 'header' in value && 'channel' in value;
}

/** For KernelConnection, with what the kernel left out filled in (see {@link completeContent}). Buffers become views of memory of their own. */
export function toServicesMessage(channel: Channel, message: Message): ServicesMessage {
  const content = channel === 'iopub' ? completeContent(message) : message.content;
  return { ...message, channel, content, buffers: message.buffers.map(toDataView) };
}

/** For the wire. Buffers are copied, each exactly as long as it is: what it is a view into is nobody's business. */
export function fromServicesMessage(message: ServicesMessage): Message {
  const { header, parent_header, metadata, content, buffers = [] } = message;
  return { header, parent_header, metadata, content, buffers: buffers.map(copyBytes) };
}

/** A status that no kernel sent. `session` is the kernel's: KernelConnection drops messages of other sessions as old. */
export function statusMessage(session: string, state: string, parent: ParentHeader = {}): ServicesMessage {
  const message = createMessage({ session, username: '' }, 'status', { execution_state: state }, { parent });
  return toServicesMessage('iopub', message);
}

/** The kernel's info, which is known already, as the answer to one more request for it. */
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
