/** The function that compiled cells call around the iterables of their `for await` loops; see `rewriteCell`. */

import { Interrupted } from '../interrupt/interrupted.js';

/** The guard of awaits, by cell and place. */
export type Guard = (cell: number, offset: number, value: unknown) => unknown;

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** An iterable for `for await` whose every step is guarded, and which is closed as the original would be. */
export function createGuardEach(guard: Guard) {
  return (cell: number, offset: number, iterable: unknown): AsyncIterable<unknown> => ({
    [Symbol.asyncIterator]() {
      const iterator = iteratorOf(iterable);
      const isSync = !Reflect.has(Object(iterable) as object, Symbol.asyncIterator);
      return {
        async next() {
          try {
            const { done, value } = (await guard(cell, offset, iterator.next())) as IteratorResult<unknown>;
            // A sync iterable's promises are awaited by the loop, an async one's values are not.
            return { done: done === true, value: isSync && done !== true ? await guard(cell, offset, value) : value };
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
async function close(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The cell has ended by an interrupt, whatever else goes wrong.
  }
}

function iteratorOf(iterable: unknown): AnyIterator {
  const source = iterable as AsyncIterable<unknown> & Iterable<unknown>;
  const make = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  if (typeof make !== 'function') throw new TypeError('for await needs an iterable');
  return Reflect.apply<unknown, [], AnyIterator>(make, source, []);
}
