import type { Dealer } from 'zeromq';
import { onAbort } from '../../support/abort.js';
import { deferred, type Deferred } from '../../support/deferred.js';
import { startTimer } from '../../support/timers.js';

/** Options of a ping. */
export interface PingOptions {
  /** Milliseconds. Default: 3,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT = 3_000;

/** Sends pings to a kernel's heartbeat socket, which sends back whatever it gets (Jupyter messaging, “Heartbeat”). */
export class Heartbeat {
  readonly #socket: Dealer;
  readonly #lost: () => Error;
  readonly #waiting = new Map<string, Deferred<void>>();
  #count = 0;

  /** `lost` makes the error for a ping that was not answered. */
  constructor(socket: Dealer, lost: () => Error) {
    this.#socket = socket;
    this.#lost = lost;
  }

  /** Milliseconds until the echo came back. Rejects with `lost()`, or the reason of `signal`. */
  async ping({ timeout = DEFAULT_TIMEOUT, signal }: PingOptions): Promise<number> {
    signal?.throwIfAborted();
    const id = `${++this.#count}`;
    const start = performance.now();
    const echo = deferred<void>();
    this.#waiting.set(id, echo);
    const stopTimer = startTimer(timeout, () => this.#fail(id, this.#lost()));
    const stopListening = onAbort(signal, (reason) => this.#fail(id, reason));
    try {
      // An empty frame first, for kernels that answer with a REP socket.
      this.#socket.send(['', id]).catch(() => this.#fail(id, this.#lost()));
      await echo.promise;
      return performance.now() - start;
    } finally {
      stopTimer();
      stopListening();
      this.#waiting.delete(id);
    }
  }

  /** Takes what the socket received. */
  receive(frames: readonly Buffer[]): void {
    this.#waiting.get(String(frames.at(-1)))?.resolve();
  }

  /** Ends every ping with `error`. */
  failAll(error: unknown): void {
    for (const id of this.#waiting.keys()) this.#fail(id, error);
  }

  #fail(id: string, error: unknown): void {
    this.#waiting.get(id)?.reject(error);
  }
}
