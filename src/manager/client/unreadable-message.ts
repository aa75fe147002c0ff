/** What becomes of messages of a kernel that could not be read. */
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { Channel, JsonObject } from '../../protocol/message.js';

/** The name of the error in replies that stand for messages that could not be read. */
export const UNREADABLE = 'MessageUnreadable';

/** What is known of a message that could not be read. */
export interface UnreadableMessage {
  readonly msgType?: string;
  /** The id of the request that it belongs to. */
  readonly parentId?: string;
}

/** What is known of the message that this error is about; undefined for errors about anything else, and for repeated messages. */
export function unreadableMessage(error: unknown): UnreadableMessage | undefined {
  if (!isCurveKernelError(error) || !error.code.startsWith('message-') || error.code === 'message-replayed')
    return undefined;
  const { msgType, parentId } = error.data;
  return {
    ...(typeof msgType === 'string' && { msgType }),
    ...(typeof parentId === 'string' && { parentId }),
  };
}

/** The error for whoever waits for a message of the kernel on `channel` that could not be read because of `cause`. */
export function messageUnreadableError(channel: Channel, cause: CurveKernelError): CurveKernelError {
  const { msgType } = unreadableMessage(cause) ?? {};
  const what = msgType === undefined ? 'a message' : `its ${JSON.stringify(msgType.slice(0, 64))}`;
  return new CurveKernelError(
    'message-unreadable',
    `${what} from the kernel on ${channel} could not be read: ${cause.message}`,
    {
      hint: 'Report it to those who make the kernel, or update the kernel.',
      cause,
      data: { channel, ...(msgType !== undefined && { msgType }) },
    },
  );
}

/** The content of the reply to a request that waits for such a message. */
export function unreadableReply({ message }: CurveKernelError): JsonObject {
  return { status: 'error', ename: UNREADABLE, evalue: message, traceback: [] };
}
