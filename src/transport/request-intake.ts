import type { ListenerLimits } from './listener-limits.js';
import { RECEIVE_MARK } from './listener-limits.js';
import type { ReplyQueues } from './reply-queues.js';

/**
 * Takes requests in while there is room for replies. Without room they are held, and not read at all when too many are held, so that
 * the clients wait.
 *
 * libzmq notices that a peer is gone when everything has been read that it sent. So as many are read, in turns from all peers, as libzmq
 * can hold of all of them: otherwise replies to a peer that is gone would hold up the others for good.
 */
export class RequestIntake {
  readonly #replies: Pick<ReplyQueues, 'isFull'>;
  readonly #handle: (frames: Buffer[]) => void;
  readonly #most: number;
  #held: Buffer[][] = [];
  #resume: (() => void) | undefined;

  constructor(
    replies: Pick<ReplyQueues, 'isFull'>,
    { peers }: Pick<ListenerLimits, 'peers'>,
    handle: (frames: Buffer[]) => void,
  ) {
    this.#replies = replies;
    this.#most = (RECEIVE_MARK + 1) * peers;
    this.#handle = handle;
  }

  /** Handles a request now, or when there is room for its reply; in the order of the calls. */
  take(frames: Buffer[]): void {
    if (this.#held.length > 0 || this.#replies.isFull) this.#held.push(frames);
    else this.#handle(frames);
  }

  /** Undefined while more may be read; otherwise resolves when it may. */
  room(): Promise<void> | undefined {
    if (this.#held.length < this.#most) return undefined;
    return new Promise((resolve) => (this.#resume = resolve));
  }

  /** There is room for replies again. */
  resume(): void {
    const held = this.#held;
    this.#held = [];
    const handled = held.findIndex((frames) => {
      if (!this.#replies.isFull) this.#handle(frames);
      return this.#replies.isFull;
    });
    if (handled >= 0) this.#held = held.slice(handled + 1);
    if (this.#held.length < this.#most) this.#resume?.();
  }

  /** Drops what is held. */
  close(): void {
    this.#held = [];
    this.#resume?.();
  }
}
