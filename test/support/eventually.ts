/** A limit that a machine with ten times the load of an idle one keeps; what never happens costs a failing test this long. */
const LIMIT = 60_000;

/** What {@link eventually} takes for "not yet". */
type NotYet = undefined | null | false;

/**
 * Asks again and again until `find` finds something, and resolves with it. Not for what must happen within a limit: no test asserts how
 * fast something is.
 *
 * @param what - named in the error; by default the text of `find`
 */
export async function eventually<T>(
  find: () => T | Promise<T>,
  what = String(find),
  limit = LIMIT,
): Promise<Exclude<T, NotYet>> {
  const end = performance.now() + limit;
  for (;;) {
    const found = await find();
    if (isFound(found)) return found;
    if (performance.now() > end) throw new Error(`Did not happen within ${limit / 1000} s: ${what}`);
    await pause(10);
  }
}

const isFound = <T>(found: T): found is Exclude<T, NotYet> => found !== undefined && found !== null && found !== false;

/** Resolves after that many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
