import { OutgoingQueue, type Sink } from '../outgoing-queue.js';

import type { ListenerLimits } from './listener-limits.js';

/** Options of {@link ReplyQueues}. */
export interface ReplyQueuesOptions {
  readonly sink: Sink;
  readonly limits: Pick<ListenerLimits, 'queuedReplies' | 'unresponsive'>;
  /** Called when there is room again after {@link ReplyQueues.isFull}. */
  readonly onDrained: () => void;
}

/** Of the bytes that may wait, the part that must have left before there is room again. */
const RESUME = 0.5;

/**
 * The messages that a ROUTER socket sends: a queue for each routing id, so that a slow peer delays no other. Nothing is dropped while its peer is
 * connected. The socket must be `mandatory`, which tells a peer that is full from one that is gone, with a send timeout of 0:
 * with another one a send to a missing peer never ends.
 */
export class ReplyQueues {
  readonly #options: ReplyQueuesOptions;
  readonly #queues = new Map<string, OutgoingQueue>();
  #isFull = false;

  constructor(options: ReplyQueuesOptions) {
    this.#options = options;
  }

  /** More bytes wait than may, and half of them have not left yet. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Bytes that wait for all peers. */
  get bytes(): number {
    let sum = 0;
    for (const queue of this.#queues.values()) sum += queue.bytes;
    return sum;
  }

  /** Sends to the peer that the first frame names. Never throws, never waits. */
  send(frames: Uint8Array[], bytes: number): void {
    const peer = Buffer.from(frames[0] ?? []).toString('latin1');
    let queue = this.#queues.get(peer);
    if (queue === undefined) {
      queue = new OutgoingQueue(this.#options.sink, {
        onTaken: () => this.#taken(peer),
        onRefused: (milliseconds) => this.#refused(peer, milliseconds),
      });
      this.#queues.set(peer, queue);
    }
    queue.push(frames, bytes);
    if (this.bytes > this.#options.limits.queuedReplies) this.#isFull = true;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.drained()));
  }

  /** Drops everything that waits. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.clear();
  }

  #taken(peer: string): void {
    if (this.#queues.get(peer)?.isEmpty === true) this.#queues.delete(peer);
    if (!this.#isFull || this.bytes > this.#options.limits.queuedReplies * RESUME) return;
    this.#isFull = false;
    this.#options.onDrained();
  }

  #refused(peer: string, milliseconds: number): void {
    // The system has ended its connection by now, or would have, were it a tcp connection.
    if (milliseconds > this.#options.limits.unresponsive) this.#queues.get(peer)?.clear();
  }
}
