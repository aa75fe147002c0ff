/** Milliseconds for which messages of one sender are dealt with before others have their turn. A message that takes longer is finished. */
const SLICE = 2;

/** As many at the most, since a part of the work for a message is done later. */
const MESSAGES = 16;

/** One sender's part of the time. */
export interface TimeSlice {
  /** A message is taken in hand now. */
  begin(): void;
  /** To be asked before the next message: undefined while there is time left, otherwise resolves when it is this sender's turn again. */
  room(): Promise<void> | undefined;
}

/**
 * Shares the time of the event loop among senders who send more than can be dealt with. In each round of the loop one of those who have
 * used their time up goes on, in turns by name, whatever number of sockets each has. What has not used its time up does not wait. So a
 * request by another is dealt with after one slice at the most, however many send.
 */
export class FairScheduler {
  /** By name; in the order in which they go on. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** The time slice of one socket of that sender. */
  timeSlice(name: string): TimeSlice {
    let began: number | undefined;
    let spent = 0;
    let messages = 0;
    return {
      begin: () => void (began = performance.now()),
      room: () => {
        if (began === undefined) return undefined;
        spent += performance.now() - began;
        messages++;
        began = undefined;
        if (spent < SLICE && messages < MESSAGES) return undefined;
        [spent, messages] = [0, 0];
        return this.#turn(name);
      },
    };
  }

  async #turn(name: string): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#next());
      const others = this.#waiting.get(name);
      if (others) others.push(resolve);
      else this.#waiting.set(name, [resolve]);
    });
  }

  #next(): void {
    for (const [name, [first, ...others]] of this.#waiting) {
      this.#waiting.delete(name);
      if (others.length > 0) this.#waiting.set(name, others);
      // Before the turn: what goes on now may wait again.
      if (this.#waiting.size > 0) setImmediate(() => this.#next());
      return first?.();
    }
  }
}
