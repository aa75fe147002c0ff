/** Milliseconds for which messages of one sender are handled before those of others. A message that takes longer is finished. */
const MAX_SLICE = 2;

/** Maximum number of messages in one slice, since a part of the work for a message is done later. */
const MAX_MESSAGES = 16;

/** The share of one sender in the time of the event loop. */
export interface TimeSlice {
  /** The handling of a message begins now. */
  begin(): void;
  /** Call it before the next message. Undefined while there is time left in the slice; otherwise resolves at the next slice of this sender. */
  whenReady(): Promise<void> | undefined;
}

/**
 * Shares the time of the event loop among senders that send more than can be handled. A sender that has used up its slice waits; in each
 * round of the loop one of those goes on, in turns by name, whatever number of sockets it has. So the request of another sender is
 * handled after one slice at the most, however many send.
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
      whenReady: () => {
        if (began === undefined) return undefined;
        spent += performance.now() - began;
        messages++;
        began = undefined;
        if (spent < MAX_SLICE && messages < MAX_MESSAGES) return undefined;
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
