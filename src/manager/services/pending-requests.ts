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
import { startTimer } from '../../support/start-timer.js';
import { messageUnreadableError, unreadableMessage, unreadableReply } from '../client/unreadable-message.js';

/** A message, and the channel that it belongs on. */
export interface Delivery {
  readonly channel: Channel;
  readonly message: Message;
}

/** The requests of one client that are not over, for which a message of the kernel may turn out to be unreadable. */
export interface PendingRequests extends Disposable {
  /** Notes a request that was sent. */
  sent(channel: RequestChannel, header: Header): void;
  /** Notes a message that arrived. Returns what is to be delivered: an error, where output that the reply speaks for was lost. */
  received(channel: Channel, message: Message): Message;
  /** A message could not be read. Returns what is delivered instead, to those who wait for it. */
  unreadable(channel: Channel, error: CurveKernelError): readonly Delivery[];
}

interface Pending {
  readonly channel: RequestChannel;
  readonly header: Header;
  replied: boolean;
  idle: boolean;
  /** Output was lost. */
  lost?: CurveKernelError;
  /** A status may have been lost: the one that says that the request is over. */
  uncertain?: boolean;
  stop?: () => void;
}

/** A kernel that says less than the protocol wants must not fill the memory. */
const MAX_PENDING = 1_000;
/** Milliseconds without a message after the reply until a status that may have been lost is taken for the end. */
const IDLE_TIMEOUT = 10_000;
const ORIGIN = { session: '', username: '' };

/** @param deliver For what is said later: that a request is over whose last status was lost. */
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
  /** What waits for a status that may never come is over when the kernel has said nothing about it for a while. */
  const watch = (pending: Pending): void => {
    pending.stop?.();
    if (pending.uncertain !== true || !pending.replied || pending.idle) return;
    pending.stop = startTimer(IDLE_TIMEOUT, () => {
      forget(pending.header.msg_id);
      deliver(idle(pending));
    });
  };
  /** A reply, which nothing names, belongs to the request that has waited longest. */
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
        const note = { name: 'stderr', text: `[jupyter-curve] ${error.message}\n` };
        const said: Delivery = { channel, message: createMessage(ORIGIN, 'stream', note, { parent: pending.header }) };
        // The channels do not wait for each other, so the reply may have passed.
        return pending.replied ? [said, errorReply(pending, error)] : [said];
      }
      if (channel === 'stdin') {
        // The kernel waits for an answer, and the question is lost.
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
