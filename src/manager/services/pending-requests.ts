import type { CurveKernelError } from '../../errors.js';
import { createMessage } from '../../protocol/create-message.js';
import {
  isRequestType,
  parentId,
  replyType,
  type Channel,
  type Header,
  type Message,
  type RequestChannel,
} from '../../protocol/message.js';
import { startTimer } from '../../support/timers.js';
import {
  messageUnreadableError,
  unreadableMessage,
  unreadableReply,
} from '../../transport/client/unreadable-message.js';

/** A message and its channel. */
export interface Delivery {
  readonly channel: Channel;
  readonly message: Message;
}

/** The open requests of one client. When a message of the kernel is unreadable, the request that waits for it ends with an error. */
export interface PendingRequests extends Disposable {
  /** Records a request that was sent. */
  sent(channel: RequestChannel, header: Header): void;
  /** Records a message that arrived. Returns the message to deliver: an error instead of a reply whose output was lost. */
  received(channel: Channel, message: Message): Message;
  /** Takes the error of a message that could not be read. Returns the messages to deliver instead. */
  unreadable(channel: Channel, error: CurveKernelError): readonly Delivery[];
}

interface Pending {
  readonly channel: RequestChannel;
  readonly header: Header;
  replied: boolean;
  idle: boolean;
  /** Set when output was lost. */
  lost?: CurveKernelError;
  /** Set when the idle status of the request may have been lost. */
  uncertain?: boolean;
  stop?: () => void;
}

/** Limit for a kernel that never sends replies or idle statuses. */
const MAX_PENDING = 1_000;
/** Milliseconds without a message after the reply until a request whose idle status may be lost counts as ended. */
const IDLE_TIMEOUT = 10_000;
const ORIGIN = { session: '', username: '' };

/** @param deliver Takes an idle status for a request whose own was lost. */
export function createPendingRequests(deliver: (delivery: Delivery) => void): PendingRequests {
  const all = new Map<string, Pending>();

  const forget = (id: string): void => {
    all.get(id)?.stop?.();
    all.delete(id);
  };
  const idle = ({ header }: Pending): Delivery => ({
    channel: 'iopub',
    message: createMessage(ORIGIN, 'status', { execution_state: 'idle' }, { parent: header }),
  });
  const errorReply = ({ channel, header }: Pending, error: CurveKernelError): Delivery => ({
    channel,
    message: createMessage(ORIGIN, replyType(header.msg_type) ?? '', unreadableReply(error), { parent: header }),
  });
  /** Ends a request whose idle status may be lost when the kernel has sent nothing about it for a while. */
  const watch = (pending: Pending): void => {
    pending.stop?.();
    if (pending.uncertain !== true || !pending.replied || pending.idle) return;
    pending.stop = startTimer(IDLE_TIMEOUT, () => {
      forget(pending.header.msg_id);
      deliver(idle(pending));
    });
  };
  /** An unreadable reply without a parent id belongs to the request that has waited longest. */
  const oldest = (channel: Channel): Pending | undefined =>
    [...all.values()].find((pending) => pending.channel === channel && !pending.replied);

  return {
    sent(channel, header) {
      if (!isRequestType(header.msg_type)) return;
      all.set(header.msg_id, { channel, header, replied: false, idle: false });
      for (const [id] of all) {
        if (all.size <= MAX_PENDING) break;
        forget(id);
      }
    },
    received(channel, message) {
      const pending = all.get(parentId(message) ?? '');
      if (pending === undefined) return message;
      const isReply = channel === pending.channel && message.header.msg_type === replyType(pending.header.msg_type);
      pending.replied ||= isReply;
      pending.idle ||= message.header.msg_type === 'status' && message.content['execution_state'] === 'idle';
      if (pending.replied && pending.idle) forget(pending.header.msg_id);
      else watch(pending);
      return isReply && pending.lost
        ? { ...message, content: { ...message.content, ...unreadableReply(pending.lost) } }
        : message;
    },
    unreadable(channel, cause) {
      const found = unreadableMessage(cause);
      if (found === undefined) return [];
      const { msgType, parentId: id } = found;
      const pending = id === undefined ? oldest(channel) : all.get(id);
      if (pending === undefined) {
        if (channel === 'iopub' && id === undefined) for (const one of all.values()) one.uncertain = true;
        return [];
      }
      const error = messageUnreadableError(channel, cause);
      if (channel === 'iopub') {
        pending.uncertain ||= msgType === undefined || msgType === 'status';
        watch(pending);
        if (msgType === 'status') return [];
        pending.lost ??= error;
        const content = { name: 'stderr', text: `[jupyter-curve] ${error.message}\n` };
        const notice: Delivery = {
          channel,
          message: createMessage(ORIGIN, 'stream', content, { parent: pending.header }),
        };
        // The order between channels is not kept, so the reply may have passed already.
        return pending.replied ? [notice, errorReply(pending, error)] : [notice];
      }
      if (channel === 'stdin') {
        // The kernel waits for an input_reply to a request that is lost.
        forget(pending.header.msg_id);
        return [errorReply(pending, error), idle(pending)];
      }
      pending.replied = true;
      pending.uncertain = true;
      watch(pending);
      return [errorReply(pending, error)];
    },
    [Symbol.dispose]() {
      for (const [id] of all) forget(id);
    },
  };
}
