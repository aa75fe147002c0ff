/** How a kernel that died by itself is brought back. */
export interface AutoRestart {
  /** Deaths in a row after which the kernel is given up. Default 5. */
  readonly limit: number;
  /** Milliseconds before the first new start, doubled after each further death in a row. Default 250. */
  readonly delay: number;
  /** Milliseconds after which a kernel counts as stable, and its deaths are counted anew. Default 10,000. */
  readonly stableAfter: number;
}

const DEFAULTS: AutoRestart = { limit: 5, delay: 250, stableAfter: 10_000 };
const MAX_DELAY = 30_000;

/** Counts the deaths of one kernel and says how long to wait before the next start. */
export class RestartBackoff {
  readonly #settings: AutoRestart;
  readonly #now: () => number;
  #deaths = 0;
  #readySince: number;

  /** @param now A clock that never jumps, in milliseconds. */
  constructor(settings: Partial<AutoRestart> | false = {}, now: () => number = () => performance.now()) {
    this.#settings = settings === false ? { ...DEFAULTS, limit: 0 } : { ...DEFAULTS, ...settings };
    this.#now = now;
    this.#readySince = now();
  }

  /** Deaths in a row so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** The kernel is ready for work. */
  ready(): void {
    this.#readySince = this.#now();
  }

  /** The kernel died after it was ready. Deaths that lie behind a stable time are forgotten. */
  died(): number | undefined {
    if (this.#now() - this.#readySince >= this.#settings.stableAfter) this.#deaths = 0;
    return this.failed();
  }

  /** One more death. Returns the milliseconds to wait before the next start; undefined: give it up. */
  failed(): number | undefined {
    this.#deaths += 1;
    const { limit, delay } = this.#settings;
    return this.#deaths > limit ? undefined : Math.min(delay * 2 ** (this.#deaths - 1), MAX_DELAY);
  }
}
