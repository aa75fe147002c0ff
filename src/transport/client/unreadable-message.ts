import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { asClause } from '../../support/as-clause.js';
import type { Channel, JsonObject } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';

/** The name of the error in replies that stand for messages that could not be read. */
export const UNREADABLE = 'MessageUnreadable';

/** Known facts about a message that could not be read. */
export interface UnreadableMessage {
  readonly msgType?: string;
  /** The id of the request that it belongs to. */
  readonly parentId?: string;
}

/** The facts in the error of an unreadable message; undefined for other errors, and for replayed messages. */
export function unreadableMessage(error: unknown): UnreadableMessage | undefined {
  if (!isCurveKernelError(error) || !error.code.startsWith('message-') || error.code === 'message-replayed')
    return undefined;
  const { msgType, parentId } = error.data;
  return definedOnly({ msgType: textOrNone(msgType), parentId: textOrNone(parentId) });
}

const textOrNone = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The error for a request that waits for a message on `channel` that could not be read because of `cause`. */
export function messageUnreadableError(channel: Channel, cause: CurveKernelError): CurveKernelError {
  const { msgType } = unreadableMessage(cause) ?? {};
  const what = msgType === undefined ? 'A message' : `A message of type ${JSON.stringify(msgType.slice(0, 64))}`;
  return new CurveKernelError(
    'message-unreadable',
    `${what} from the kernel on ${channel} could not be read: ${asClause(cause.message)}.`,
    {
      hint: 'Update the kernel, or report the problem to its developers.',
      cause,
      data: { channel, ...definedOnly({ msgType }) },
    },
  );
}

/** The content of the error reply to such a request. */
export function unreadableReply({ message }: CurveKernelError): JsonObject {
  return { status: 'error', ename: UNREADABLE, evalue: message, traceback: [] };
}
