/**
 * A function that calls `start` when first called, and again when called after a failure. Calls in between share one result. Returns undefined
 * once it has started.
 */
export function startOnce(start: () => Promise<void>): () => Promise<void> | undefined {
  let started: Promise<void> | undefined;
  let isDone = false;
  const attempt = async (): Promise<void> => {
    try {
      await start();
      isDone = true;
    } catch (error) {
      started = undefined;
      throw error;
    }
  };
  return () => (isDone ? undefined : (started ??= attempt()));
}
