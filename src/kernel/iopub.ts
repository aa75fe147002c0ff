import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import type { JsonObject, Message, ParentHeader } from '../protocol/message.js';
import type { PublishOptions } from './language.js';
import { createStreamBatch } from './stream-batch.js';

/** See {@link createIopub}. */
export type Iopub = ReturnType<typeof createIopub>;

/** The messages of a kernel on iopub: published through `send`, as `origin`, in the order of the calls. */
export function createIopub(origin: MessageOrigin, send: (message: Message) => void) {
  let open = true;
  let early: Message[] = [];
  let planned: NodeJS.Immediate | undefined;
  const batch = createStreamBatch<ParentHeader>((parent, name, text) =>
    send(createMessage(origin, 'stream', { name, text }, { parent })),
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
    publish(parent: ParentHeader, msgType: string, content: JsonObject, options?: PublishOptions): void {
      if (!open) return;
      flush();
      send(createMessage(origin, msgType, content, { ...options, parent }));
    },
    /**
     * As `publish`, but with the next message or at the end of this turn of the event loop: the code that is to run goes first. Its content
     * must be the kernel's own.
     */
    publishSoon(parent: ParentHeader, msgType: string, content: JsonObject): void {
      if (!open) return;
      batch.flush();
      early.push(createMessage(origin, msgType, content, { parent }));
      if (early.length === 1) planned = setImmediate(flushEarly);
    },
    /** Text for stdout or stderr, batched. */
    stream(parent: ParentHeader, name: string, text: string): void {
      if (!open) return;
      flushEarly();
      batch.write(parent, name, text);
    },
    /** Sends batched text now, before a message on another channel that must not overtake it. */
    flush,
    /** Drops everything from now on. */
    close(): void {
      flush();
      open = false;
    },
  };
}
