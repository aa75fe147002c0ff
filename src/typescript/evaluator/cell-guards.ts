/** What compiled cells call around their imports and loops; see `rewriteCell`. */

import { Interrupted } from './interrupted.js';

/** The guard of awaits, by cell and place. */
export type Guard = (cell: number, offset: number, value: unknown) => unknown;

/**
 * The exports that a static import names. A CommonJS module's are also found on its `module.exports`, where Node's lexer
 * missed them. Throws a `SyntaxError` for a missing one, as a module would.
 */
export function pickExports(
  namespace: Readonly<Record<string, unknown>>,
  source: string,
  names: readonly string[],
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    const { default: fallback } = namespace;
    if (name in namespace) picked[name] = namespace[name];
    else if (isObject(fallback) && name in fallback) picked[name] = Reflect.get(fallback, name);
    else throw new SyntaxError(missingExport(source, name));
  }
  return picked;
}

function missingExport(source: string, name: string): string {
  // Types are removed one file at a time: a cell cannot know that a name is one.
  const advice = /^\.{0,2}\//.test(source) ? `; if it is a type, write \`import type { ${name} }\`` : '';
  return `The requested module '${source}' does not provide an export named '${name}'${advice}`;
}

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

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
