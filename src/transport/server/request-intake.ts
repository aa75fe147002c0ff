import { totalBytes } from '../../protocol/frames.js';
import { RECEIVE_MARK, type ListenerLimits } from './listener-limits.js';
import type { ReplyQueues } from './reply-queues.js';
import type { TimeSlice } from '../fair-scheduler.js';

/** Options of a {@link RequestIntake}. */
export interface RequestIntakeOptions {
  readonly replies: Pick<ReplyQueues, 'isFull'>;
  readonly limits: Pick<ListenerLimits, 'peers' | 'heldRequests'>;
  /** The time slice for held requests. */
  readonly timeSlice: TimeSlice;
  /** Must not throw. */
  readonly handle: (frames: Buffer[]) => void;
}

/**
 * Takes requests in while there is room for replies. Without room they are held, and not read at all when too many are held, so that
 * the clients wait.
 *
 * libzmq notices that a peer is gone when everything has been read that it sent. So as many are read, in turns from all peers, as libzmq
 * can hold of all of them: otherwise replies to a peer that is gone would hold up the others for good. Where that is more bytes than may
 * be held, they are held up until those replies are given up.
 */
export class RequestIntake {
  readonly #options: RequestIntakeOptions;
  readonly #most: number;
  readonly #held: Buffer[][] = [];
  #heldBytes = 0;
  #isCatchingUp = false;
  #isClosed = false;
  #resume: (() => void) | undefined;

  constructor(options: RequestIntakeOptions) {
    this.#options = options;
    this.#most = (RECEIVE_MARK + 1) * options.limits.peers;
  }

  /** Handles a request now, or when there is room for its reply; in the order of the calls. */
  take(frames: Buffer[]): void {
    const { replies, handle } = this.#options;
    if (this.#held.length === 0 && !replies.isFull) return handle(frames);
    this.#held.push(frames);
    this.#heldBytes += totalBytes(frames);
  }

  /** Undefined while more may be read; otherwise resolves when it may. */
  whenReady(): Promise<void> | undefined {
    if (this.#mayRead) return undefined;
    return new Promise((resolve) => (this.#resume = resolve));
  }

  /** There is room for replies again. */
  resume(): void {
    void this.#catchUp();
  }

  /** Drops the held requests. */
  close(): void {
    this.#isClosed = true;
    this.#held.length = 0;
    this.#resume?.();
  }

  get #mayRead(): boolean {
    return this.#isClosed || (this.#held.length < this.#most && this.#heldBytes < this.#options.limits.heldRequests);
  }

  /** Handles held requests, in turns with the requests of others. */
  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    const { replies, timeSlice, handle } = this.#options;
    while (!replies.isFull) {
      await timeSlice.whenReady();
      // Full or closed meanwhile.
      const frames = replies.isFull ? undefined : this.#held.shift();
      if (frames === undefined) break;
      this.#heldBytes -= totalBytes(frames);
      timeSlice.begin();
      handle(frames);
      if (this.#mayRead) this.#resume?.();
    }
    this.#isCatchingUp = false;
  }
}
