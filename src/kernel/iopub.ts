import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import type { JsonObject, Message, ParentHeader } from '../protocol/message.js';
import type { PublishOptions } from './language.js';
import { createStreamBatch, type StreamBatchOptions } from './stream-batch.js';

/** The messages of a kernel on iopub, sent in the order of the calls. */
export interface Iopub {
  publish(parent: ParentHeader, msgType: string, content: JsonObject, options?: PublishOptions): void;
  /**
   * As {@link publish}, but with the next message or at the end of this turn of the event loop: the code that is to run goes first. Its
   * content must be the kernel's own.
   */
  publishSoon(parent: ParentHeader, msgType: string, content: JsonObject): void;
  /** Text for stdout or stderr, batched. */
  stream(parent: ParentHeader, name: string, text: string): void;
  /** Sends batched text now, before a message on another channel that must not overtake it. */
  flush(): void;
  /** Drops everything from now on. */
  close(): void;
}

/** Publishes through `send`, as `origin`. */
export function createIopub(
  origin: MessageOrigin,
  send: (message: Message) => void,
  batching?: StreamBatchOptions,
): Iopub {
  let open = true;
  let early: Message[] = [];
  let planned: NodeJS.Immediate | undefined;
  const batch = createStreamBatch<ParentHeader>(
    (parent, name, text) => send(createMessage(origin, 'stream', { name, text }, { parent })),
    batching,
  );
  const flushEarly = (): void => {
    const messages = early;
    if (messages.length === 0) return;
    clearImmediate(planned);
    early = [];
    for (const message of messages) send(message);
  };
  const flush = (): void => {
    batch.flush();
    flushEarly();
  };
  return {
    publish(parent, msgType, content, options) {
      if (!open) return;
      flush();
      send(createMessage(origin, msgType, content, { ...options, parent }));
    },
    publishSoon(parent, msgType, content) {
      if (!open) return;
      batch.flush();
      early.push(createMessage(origin, msgType, content, { parent }));
      if (early.length === 1) planned = setImmediate(flushEarly);
    },
    stream(parent, name, text) {
      if (!open) return;
      flushEarly();
      batch.write(parent, name, text);
    },
    flush,
    close() {
      flush();
      open = false;
    },
  };
}
