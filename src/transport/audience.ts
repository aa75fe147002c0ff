/** Whether anybody listens on an iopub socket, so that nothing is written, signed and thrown away for nobody. */
export interface Audience {
  /** Whether there may be a subscriber. Never false while there is one. */
  readonly present: boolean;
  /** A peer was let in, and has not subscribed yet. */
  expect(): void;
  subscribed(): void;
  unsubscribed(): void;
}

/**
 * Counts the subscriptions that XPUB reports, with `verbosity: 'allSubsUnsubs'`: each one, and its end, also by the end of its
 * connection. Peers count from their handshake on, so that nothing is missed between a subscription's arrival and its being read.
 */
export function createAudience(): Audience {
  let [expected, subscriptions] = [0, 0];
  return {
    get present() {
      return expected + subscriptions > 0;
    },
    expect: () => void expected++,
    subscribed() {
      expected = Math.max(0, expected - 1);
      subscriptions++;
    },
    unsubscribed: () => void (subscriptions = Math.max(0, subscriptions - 1)),
  };
}
