import { startTimer } from './timers.js';

/** A moment by two clocks. */
export interface Deadline {
  /** Milliseconds since 1970, by the wall clock, which may be set. */
  readonly at: number;
  /**
   * Milliseconds of the machine's monotonic clock, which is the same for all its processes and cannot be set. It stops while the machine sleeps,
   * and begins anew with it.
   */
  readonly due: number;
}

const readClocks = (): Deadline => ({ at: Date.now(), due: Number(process.hrtime.bigint() / 1_000_000n) });

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

/** Calls `act` once, at a deadline. Does not keep the process alive. Returns how to stop that. */
export function startDeadline(deadline: Deadline, act: () => void): () => void {
  return startTimer(leftUntil(deadline), act, { unref: true });
}
