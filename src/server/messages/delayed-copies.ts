/** Options of {@link DelayedCopies}. */
export interface DelayedCopiesOptions<Output, Receiver> {
  /** All that may get a copy. */
  readonly receivers: () => Iterable<Receiver>;
  /** Sends a copy, if this receiver is to have it. False if it is not. */
  readonly send: (receiver: Receiver, output: Output) => boolean;
}

/** Outputs that may wait; beyond them, and for large ones, the kernel takes the time at once. */
const MAX_WAITING = 256;
/** Milliseconds for copies in a turn of the event loop, in which the next request of the requester may wait. */
const TURN_TIME = 2;

/**
 * Copies of output for others than its requester, which waits for its own: a kernel with 200 clients looking on would otherwise encrypt 200
 * times before it replies. The copies go out in order, in slices of the event loop's turns.
 */
export class DelayedCopies<Output, Receiver> {
  readonly #options: DelayedCopiesOptions<Output, Receiver>;
  readonly #waiting: Output[] = [];
  #sending = this.#sendEach();
  #planned: NodeJS.Immediate | undefined;

  constructor(options: DelayedCopiesOptions<Output, Receiver>) {
    this.#options = options;
  }

  /** Sends copies of an output later, or at once if it is large: those that wait then go first. */
  add(output: Output, isLarge: boolean): void {
    this.#waiting.push(output);
    const most = isLarge ? 0 : MAX_WAITING;
    while (this.#waiting.length > most) this.#sendFor(0);
    if (this.#waiting.length > 0 && this.#planned === undefined) this.#planned = setImmediate(this.#sendInTurn);
  }

  /** Sends all that wait, before a message that must not overtake them. */
  flush(): void {
    if (this.#waiting.length > 0) this.#sendFor(Infinity);
  }

  readonly #sendInTurn = (): void => {
    this.#planned = undefined;
    this.#sendFor(TURN_TIME);
    if (this.#waiting.length > 0) this.#planned = setImmediate(this.#sendInTurn);
  };

  /** Sends for so many milliseconds; one copy at least. */
  #sendFor(milliseconds: number): void {
    const stop = performance.now() + milliseconds;
    while (this.#sending.next().done !== true) if (performance.now() >= stop) return;
    this.#sending = this.#sendEach();
  }

  /** Yields after each copy. An output leaves the list when all have it. */
  *#sendEach(): Generator<void> {
    for (let output = this.#waiting[0]; output !== undefined; output = this.#waiting[0]) {
      for (const receiver of this.#options.receivers()) if (this.#options.send(receiver, output)) yield;
      this.#waiting.shift();
    }
  }
}
