import { createMessage, type MessageOrigin } from '../../protocol/create-message.js';
import { replyType, type Header, type JsonObject } from '../../protocol/message.js';
import type { Request } from '../backend.js';
import { errorContent, report, reportError } from './error-report.js';

/** Makes the content of the reply to one kind of request. What it throws becomes an error reply. */
export type Handler = (request: Request) => JsonObject | Promise<JsonObject>;

/** Sends the reply to a request. What is no request (`comm_msg`) has none, and nothing is sent. */
export function reply(origin: MessageOrigin, request: Request, content: JsonObject, metadata: JsonObject = {}): void {
  const { header } = request.message;
  const msgType = replyType(header.msg_type);
  if (msgType === undefined) return;
  const send = (said: JsonObject): void =>
    request.reply(createMessage(origin, msgType, said, { parent: header, metadata }));
  try {
    send(content);
  } catch (error) {
    // The language's answer holds something that JSON cannot say. The client waits, so it gets to know that at least.
    send(errorContent(reportError(error)));
  }
}

/** Tells clients that work on a request begins and ends. */
export interface RequestStatus {
  begin(request: Header): void;
  end(request: Header): void;
}

/** Answers one request: busy, what the handler says, idle. Never rejects. */
export async function answer(
  origin: MessageOrigin,
  status: RequestStatus,
  request: Request,
  handle: Handler,
): Promise<void> {
  status.begin(request.message.header);
  try {
    reply(origin, request, await handle(request));
  } catch (error) {
    reply(origin, request, errorContent(reportError(error)));
  }
  status.end(request.message.header);
}

/** The handler of what this kernel does not know: a refusal, not silence. */
export const refuseUnknown: Handler = ({ message, channel }) =>
  errorContent(report('UnknownRequest', `this kernel has no ${message.header.msg_type} on its ${channel} channel`));
