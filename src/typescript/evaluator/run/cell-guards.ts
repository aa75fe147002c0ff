/** The function that compiled cells call around the iterables of their `for await` loops; see `rewriteCell`. */

import { Interrupted } from '../interrupt/interrupted.js';

/** The guard of awaits, by cell and place. */
export type Guard = (cell: number, offset: number, value: unknown) => unknown;

/** An iterable for `for await` whose every step is guarded, and which is closed as the original would be. */
export function createGuardEach(
  guard: Guard,
): (cell: number, offset: number, iterable: unknown) => AsyncIterable<unknown> {
  /** A sync iterable's promises are awaited by the loop, an async one's values are not. */
  const step = async (
    cell: number,
    offset: number,
    isSync: boolean,
    result: unknown,
  ): Promise<IteratorResult<unknown>> => {
    const { done, value } = (await guard(cell, offset, result)) as IteratorResult<unknown>;
    if (done === true) return { done, value };
    return { done: false, value: isSync ? await guard(cell, offset, value) : value };
  };
  return (cell, offset, iterable) => ({
    [Symbol.asyncIterator]() {
      const iterator = iteratorOf(iterable);
      const isSync = !Reflect.has(Object(iterable) as object, Symbol.asyncIterator);
      return {
        async next() {
          try {
            return await step(cell, offset, isSync, iterator.next());
          } catch (error) {
            // The loop takes it for an error of the iterable, which it does not close then.
            if (error instanceof Interrupted) void close(iterator);
            throw error;
          }
        },
        async return(value?: unknown) {
          await guard(cell, offset, iterator.return?.(value));
          return { done: true, value };
        },
      };
    },
  });
}

/** Not waited for: a generator closes when what it awaits is there. */
async function close(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The cell has ended by an interrupt, whatever else goes wrong.
  }
}

function iteratorOf(iterable: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  const source = iterable as AsyncIterable<unknown> & Iterable<unknown>;
  const make = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  if (typeof make !== 'function') throw new TypeError('for await needs an iterable');
  return Reflect.apply<unknown, [], AsyncIterator<unknown> | Iterator<unknown>>(make, source, []);
}
