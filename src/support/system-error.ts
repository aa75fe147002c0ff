/** The code of a system error, such as `EADDRINUSE`, or `unknown error`. Looks at the shape only: errors may come from another realm. */
export function errorCode(error: unknown): string {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : 'unknown error';
}

/** The message of an error, or any other thrown value as text. */
export const errorMessage = (error: unknown): string => String(property(error, 'message') ?? error);

/**
 * Runs `act` again for as long as it fails with EINTR. libzmq gives up what it is asked for when a signal comes at that moment, having done
 * nothing, and zeromq.js does not ask again for connections and monitors: a child that ends, or a profiler, would fail them.
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
