/** Whether anybody listens on an iopub socket, so that nothing is written, signed and thrown away for nobody. */
export interface Audience {
  /** Whether there may be a subscriber. Never false while there is one, among peers that keep to the protocol. */
  readonly present: boolean;
  /** A peer was let in, and has not subscribed yet. */
  expect(): void;
  subscribed(topic: string): void;
  unsubscribed(topic: string): void;
}

/** Topics that are counted. Clients have one, or a few; where there are more, somebody is always taken to listen. */
const MOST_TOPICS = 10_000;

/**
 * Counts the subscriptions that XPUB reports, with `verbosity: 'allSubsUnsubs'`: each one, and its end, also by the end of its
 * connection. It reports the end of subscriptions that nobody had as well, if a peer says so. Peers count from their handshake on, so
 * that nothing is missed between a subscription's arrival and its being read.
 */
export function createAudience(): Audience {
  let expected = 0;
  let countless = false;
  const subscriptions = new Map<string, number>();
  return {
    get present() {
      return expected > 0 || subscriptions.size > 0 || countless;
    },
    expect: () => void expected++,
    subscribed(topic) {
      expected = Math.max(0, expected - 1);
      if (subscriptions.size >= MOST_TOPICS) countless = true;
      else subscriptions.set(topic, (subscriptions.get(topic) ?? 0) + 1);
    },
    unsubscribed(topic) {
      const count = subscriptions.get(topic) ?? 0;
      if (count > 1) subscriptions.set(topic, count - 1);
      else subscriptions.delete(topic);
    },
  };
}
