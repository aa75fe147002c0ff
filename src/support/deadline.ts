import { startTimer } from './timers.js';

/** A moment by two clocks. */
export interface Deadline {
  /** Milliseconds since 1970, by the wall clock, which may be set. */
  readonly at: number;
  /** Milliseconds of monotonic time, which stops while the machine sleeps. */
  readonly due: number;
}

/** The present time by both clocks. */
export function readClocks(): Deadline {
  return { at: Date.now(), due: performance.now() };
}

/** The deadline that is so many milliseconds from `now`. */
export function deadlineIn(milliseconds: number, now = readClocks()): Deadline {
  return { at: now.at + milliseconds, due: now.due + milliseconds };
}

/**
 * Milliseconds left until a deadline, by the clock that says less: one that was set back, or stood still, prolongs nothing.
 */
export function leftUntil({ at, due }: Deadline, now = readClocks()): number {
  return Math.min(at - now.at, due - now.due);
}

/** Calls `act` once, when `due` has come. Does not keep the process alive. Returns how to stop that. */
export function startDeadline({ due }: Deadline, act: () => void): () => void {
  return startTimer(due - performance.now(), act, { unref: true });
}
