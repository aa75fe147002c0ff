import { randomUUID } from 'node:crypto';
import { CurveKernelError } from '../../errors.js';
import { createMessage } from '../../protocol/create-message.js';
import { parentId, type Channel, type JsonObject, type Message, type RequestChannel } from '../../protocol/message.js';
import { onAbort } from '../../support/abort.js';
import { deferred } from '../../support/deferred.js';
import { settlesWithin } from '../../support/timers.js';
import { messageUnreadableError, unreadableMessage } from './unreadable-message.js';

/** Options of {@link Nudge.run}. */
export interface NudgeOptions {
  /** Content of the kernel's kernel_info_reply, if it is known already: a kernel that does not answer is then taken for busy. */
  readonly info?: JsonObject;
  /** Milliseconds in all. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** Sends kernel_info_request until a reply and a message on iopub have arrived. `nudge` is jupyter_server's own word for this. */
export interface Nudge {
  /** Takes a message that arrived; returns true if it belongs to the nudge and is not to be delivered. */
  take(channel: Channel, message: Message): boolean;
  /** Takes the error of a message that could not be read, which may be the awaited reply. */
  rejected(channel: Channel, error: CurveKernelError): void;
  /** Makes {@link Nudge.run} reject with this error. */
  fail(error: CurveKernelError): void;
  /** Resolves to the kernel_info_reply. @throws CurveKernelError `peer-silent`, `peer-refused`, `message-unreadable`; what the signal was aborted with. */
  run(send: (channel: RequestChannel, message: Message) => Promise<void>, options: NudgeOptions): Promise<Message>;
}

/** Milliseconds until the request is repeated: doubled each time, up to the maximum. */
const FIRST_PAUSE = 25;
const MAX_PAUSE = 500;

/**
 * Creates a nudge. That a subscription has reached the kernel is known only from a message on iopub that a request causes: `iopub_welcome`
 * (JEP 65) is sent to the first of several subscribers only. Requests go to control as well as shell: a kernel that runs a cell still answers
 * there.
 */
export function createNudge(): Nudge {
  const origin = { session: randomUUID(), username: '' };
  /** Ids of its requests: a kernel may leave out the rest of the parent header. */
  const asked = new Set<string>();
  let unreadable: CurveKernelError | undefined;
  let shellPending: string | undefined;
  let reply: Message | undefined;
  let published = false;
  let error: unknown;
  let wake: (() => void) | undefined;

  const ask = async (send: Parameters<Nudge['run']>[0], channel: 'shell' | 'control'): Promise<void> => {
    const request = createMessage(origin, 'kernel_info_request', {});
    asked.add(request.header.msg_id);
    if (channel === 'shell') shellPending = request.header.msg_id;
    await send(channel, request);
  };
  const fail = (failure: unknown): void => {
    error ??= failure;
    wake?.();
  };
  const done = (): boolean => error !== undefined || (reply !== undefined && published);

  return {
    take: (channel, message) => {
      published ||= channel === 'iopub';
      const mine = asked.has(parentId(message) ?? '');
      if (mine && message.header.msg_type === 'kernel_info_reply') {
        reply ??= message;
        // More requests would only queue up behind the cell that keeps this one waiting.
        if (parentId(message) === shellPending) shellPending = undefined;
      }
      wake?.();
      return mine || message.header.msg_type === 'iopub_welcome';
    },
    rejected: (channel, cause) => {
      unreadable ??= cause;
      if (channel === 'iopub' || !asked.has(unreadableMessage(cause)?.parentId ?? '')) return;
      fail(messageUnreadableError(channel, cause));
    },
    fail,
    run: async (send, options) => {
      const end = performance.now() + options.timeout;
      const stop = onAbort(options.signal, fail);
      try {
        for (let pause = FIRST_PAUSE; !done() && performance.now() < end; pause = Math.min(pause * 2, MAX_PAUSE)) {
          await Promise.all([ask(send, 'control'), shellPending === undefined ? ask(send, 'shell') : undefined]);
          const next = Math.min(performance.now() + pause, end);
          while (!done() && performance.now() < next) {
            const changed = deferred<undefined>();
            wake = () => changed.resolve(undefined);
            await settlesWithin(changed.promise, next - performance.now());
          }
        }
      } finally {
        stop();
      }
      if (error !== undefined) throw error;
      if (reply === undefined && options.info !== undefined) {
        return createMessage({ ...origin, session: '' }, 'kernel_info_reply', options.info);
      }
      if (reply === undefined || !published) throw noReplyError(reply !== undefined, unreadable);
      if (reply.content['status'] === 'error') throw refusedError();
      return reply;
    },
  };
}

const noReplyError = (replied: boolean, unreadable: CurveKernelError | undefined): CurveKernelError => {
  const message = replied
    ? 'The kernel answers requests and publishes nothing on iopub'
    : 'The kernel is connected and does not answer kernel_info_request';
  if (unreadable !== undefined) {
    const found = `${message} that could be read: ${unreadable.message.replace(/\.$/, '')}.`;
    return new CurveKernelError('peer-silent', found, { hint: unreadable.hint, cause: unreadable });
  }
  return new CurveKernelError('peer-silent', `${message}.`, {
    hint: 'It may hang, or run a cell and not answer meanwhile: wait and try again, or restart it.',
  });
};

const refusedError = (): CurveKernelError =>
  new CurveKernelError('peer-refused', 'The kernel answered kernel_info_request with an error.', {
    hint: 'Ask an owner of the kernel for access.',
  });
