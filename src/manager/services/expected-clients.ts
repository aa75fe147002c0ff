import { startTimer } from '../../support/timers.js';

/** Milliseconds in which a connection that was told of a restart opens its next socket. One that was disposed meanwhile never does. */
const RECONNECT_TIMEOUT = 100;

/** Clients that were told of a restart and have not opened their next socket yet. */
export class ExpectedClients {
  readonly #stops = new Map<string, () => void>();
  #waiting: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#stops.size === 0;
  }

  /** Expects a client until {@link arrived} names it, or the time is up. */
  expect(id: string): void {
    this.#stops.get(id)?.();
    this.#stops.set(
      id,
      startTimer(RECONNECT_TIMEOUT, () => this.arrived(id)),
    );
  }

  /** A client opens its next socket. Nothing happens for one that is not expected. */
  arrived(id: string): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
    if (this.isEmpty) for (const resolve of this.#waiting.splice(0)) setImmediate(resolve);
  }

  /** Resolves when no client is expected any more, and the last one has heard what became of its socket. */
  async whenEmpty(): Promise<void> {
    if (!this.isEmpty) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
