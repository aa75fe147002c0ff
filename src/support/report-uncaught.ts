/** Throws an error of a callback as an uncaught exception, outside of the loop that called it: the loop goes on, and the error is not swallowed. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
