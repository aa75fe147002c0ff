/** What a Node timer takes at most. */
const LONGEST = 2 ** 31 - 1;

/** A moment by two clocks. */
export interface Deadline {
  /** Milliseconds since 1970, by the clock that people set. */
  readonly at: number;
  /** Milliseconds of the clock that nobody sets, and that stands still while a machine sleeps. */
  readonly due: number;
}

/** What both clocks say. */
export function readClocks(): Deadline {
  return { at: Date.now(), due: performance.now() };
}

/** The deadline that is so many milliseconds from `now`. */
export function deadlineIn(milliseconds: number, now = readClocks()): Deadline {
  return { at: now.at + milliseconds, due: now.due + milliseconds };
}

/**
 * How many milliseconds are left until a deadline, by the clock that says less: one that was set back, or stood still, prolongs
 * nothing.
 */
export function leftUntil({ at, due }: Deadline, now = readClocks()): number {
  return Math.min(at - now.at, due - now.due);
}

/**
 * Calls `act` once, when `due` has come, also beyond the 24 days of one timer (a Node timer's clock is the one that nobody sets). Does
 * not keep the process alive. Returns how to stop that.
 */
export function startDeadline({ due }: Deadline, act: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = due - performance.now();
    timer = setTimeout(left > LONGEST ? wait : act, Math.min(Math.max(left, 0), LONGEST));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
