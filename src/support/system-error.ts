/** The code of a system error, such as `EADDRINUSE`. Looks at the shape only: errors may come from another realm. */
export const errorCode = (error: unknown): unknown => property(error, 'code');

/** What a thrown value says. */
export const errorMessage = (error: unknown): string => String(property(error, 'message') ?? error);

/**
 * What `act` returns. libzmq gives up what it is asked for when a signal comes at that moment (EINTR), having done nothing, and zeromq.js
 * does not ask again for connections and monitors: a child that ends, or a profiler, would fail them.
 */
export function uninterrupted<T>(act: () => T): T {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (errorCode(error) !== 'EINTR') throw error;
    }
  }
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
