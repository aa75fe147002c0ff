import { type AccessEvent, decodeAccessEvent } from '../../access/requests/access-event.js';
import { ACCESS_EVENT } from '../../access/requests/request-types.js';
import type { Message } from '../../protocol/message.js';
import { deferred } from '../../support/deferred.js';
import { settlesWithin } from '../../support/timers.js';

type OnEvent = (event: AccessEvent) => void;

/** Distributes the access events that a kernel publishes to the watchers of one connection. */
export class AccessEvents {
  readonly #watchers = new Set<OnEvent>();
  readonly #heard = deferred<undefined>();

  /** Takes one message from iopub. */
  receive(message: Message): void {
    this.#heard.resolve(undefined);
    if (message.header.msg_type !== ACCESS_EVENT) return;
    const event = decodeAccessEvent(message.content);
    if (event) for (const onEvent of this.#watchers) onEvent(event);
  }

  /**
   * Adds a watcher and asks the kernel for its events by `setWatch`. Resolves with a function that ends it. Rejects as `setWatch` does.
   */
  async watch(
    onEvent: OnEvent,
    setWatch: (watch: boolean) => Promise<void>,
    timeout: number,
  ): Promise<() => Promise<void>> {
    this.#watchers.add(onEvent);
    try {
      await setWatch(true);
    } catch (error) {
      this.#watchers.delete(onEvent);
      throw error;
    }
    // The subscription may arrive after the request, which came by another connection. The first message proves that it is there.
    await settlesWithin(this.#heard.promise, timeout);
    return async () => {
      this.#watchers.delete(onEvent);
      if (this.#watchers.size === 0) await setWatch(false);
    };
  }
}
