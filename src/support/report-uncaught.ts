/**
 * Makes a mistake in a callback an uncaught exception, outside of the loop that called it: the loop goes on, and the mistake is
 * not swallowed.
 */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
