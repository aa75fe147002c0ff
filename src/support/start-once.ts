/** A function that calls `start` when first called, and again when called after a failure. Calls in between share one result. */
export function startOnce(start: () => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  const attempt = async (): Promise<void> => {
    try {
      await start();
    } catch (error) {
      started = undefined;
      throw error;
    }
  };
  return async () => (started ??= attempt());
}
