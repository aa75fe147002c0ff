/** The longest time, in milliseconds, that a timer of Node can wait: 24.8 days. It rings at once for anything longer. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls `act` after so many milliseconds, which may be past already, or never where that is longer than {@link LONGEST_TIMER}. Returns how to stop it. */
export function startTimer(milliseconds: number, act: () => void): () => void {
  const timer = milliseconds <= LONGEST_TIMER ? setTimeout(act, Math.max(milliseconds, 0)) : undefined;
  return () => clearTimeout(timer);
}
