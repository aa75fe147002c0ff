/** Maximum number of counted topics. Clients have one, or a few; beyond it a subscriber is always assumed. */
const MAX_TOPICS = 10_000;

/**
 * Whether an iopub socket has subscribers, so that messages without a reader are neither written nor signed.
 *
 * Counts the subscriptions that XPUB reports, with `verbosity: 'allSubsUnsubs'`: each one, and its end, also by the end of its
 * connection. It also reports ends of subscriptions that never existed, if a peer sends them. Peers count from their handshake on, so
 * that nothing is missed between a subscription's arrival and its being read.
 */
export class SubscriptionTracker {
  #expected = 0;
  #isCountless = false;
  #topicBytes = 0;
  #subscriptions: Map<string, number> | undefined;

  /** Whether there may be a subscriber. Never false while there is one, among peers that follow the protocol. */
  get present(): boolean {
    return this.#expected > 0 || this.#isCountless || (this.#subscriptions?.size ?? 0) > 0;
  }

  /** Subscriptions of all peers. */
  get size(): number {
    let size = 0;
    for (const count of this.#subscriptions?.values() ?? []) size += count;
    return size;
  }

  /** A peer was admitted, and has not subscribed yet. */
  expect(): void {
    this.#expected++;
  }

  /** Bytes of all topics since the last {@link forgetTopics}. Ends are not taken off: peers can report ends of what they never had. */
  get topicBytes(): number {
    return this.#topicBytes;
  }

  /** The socket was bound again, so libzmq has freed all topics. */
  forgetTopics(): void {
    this.#topicBytes = 0;
  }

  subscribed(topic: string): void {
    this.#topicBytes += topic.length;
    this.#expected = Math.max(0, this.#expected - 1);
    const counts = (this.#subscriptions ??= new Map());
    if (counts.size >= MAX_TOPICS) this.#isCountless = true;
    else counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }

  unsubscribed(topic: string): void {
    const count = this.#subscriptions?.get(topic) ?? 0;
    if (count > 1) this.#subscriptions?.set(topic, count - 1);
    else this.#subscriptions?.delete(topic);
  }
}
