/** Settings of the automatic restart of a kernel that died. */
export interface AutoRestart {
  /** Deaths in a row after which the kernel stays dead. Default 5. */
  readonly limit: number;
  /** Milliseconds before the first restart, doubled after each further death in a row. Default 250. */
  readonly delay: number;
  /** Milliseconds after which a kernel counts as stable, and earlier deaths no longer count. Default 10,000. */
  readonly stableAfter: number;
}

const DEFAULTS: AutoRestart = { limit: 5, delay: 250, stableAfter: 10_000 };
const MAX_DELAY = 30_000;

/** Counts the deaths of one kernel and computes the wait before the next start. */
export class RestartBackoff {
  readonly #settings: AutoRestart;
  readonly #now: () => number;
  #deaths = 0;
  #readySince: number;

  /** @param now A monotonic clock in milliseconds. */
  constructor(settings: Partial<AutoRestart> | false = {}, now: () => number = () => performance.now()) {
    this.#settings = settings === false ? { ...DEFAULTS, limit: 0 } : { ...DEFAULTS, ...settings };
    this.#now = now;
    this.#readySince = now();
  }

  /** Deaths in a row so far. */
  get deaths(): number {
    return this.#deaths;
  }

  /** To be called when the kernel is ready. */
  ready(): void {
    this.#readySince = this.#now();
  }

  /** To be called when the kernel died after it was ready. Returns as {@link failed}. */
  died(): number | undefined {
    if (this.#now() - this.#readySince >= this.#settings.stableAfter) this.#deaths = 0;
    return this.failed();
  }

  /** To be called when a start failed. Returns the milliseconds to wait before the next one; undefined when the limit is reached. */
  failed(): number | undefined {
    this.#deaths += 1;
    const { limit, delay } = this.#settings;
    return this.#deaths > limit ? undefined : Math.min(delay * 2 ** (this.#deaths - 1), MAX_DELAY);
  }
}
