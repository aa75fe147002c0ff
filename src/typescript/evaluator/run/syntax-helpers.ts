/**
 * The run-time half of syntax that is lowered: `using`, and decorators as TypeScript's `experimentalDecorators` has them.
 * The names are those that the transpiler writes (`babelHelpers.…`).
 */

type Resource = { readonly dispose: (() => unknown) | undefined; readonly isAsync: boolean };

interface UsingContext {
  /** The error thrown by the block. */
  e: unknown;
  u<T>(value: T): T;
  a<T>(value: T): T;
  d(): unknown;
}

const NOTHING = Symbol('nothing thrown');

function usingCtx(): UsingContext {
  const resources: Resource[] = [];
  const add = <T>(value: T, isAsync: boolean): T => {
    if (value === null || value === undefined) {
      if (isAsync) resources.push({ dispose: undefined, isAsync });
      return value;
    }
    if (Object(value) !== value) throw new TypeError('using needs an object, null or undefined');
    const holder = value as Record<symbol, unknown>;
    const method = (isAsync ? holder[Symbol.asyncDispose] : undefined) ?? holder[Symbol.dispose];
    if (typeof method !== 'function') throw new TypeError('The object is not disposable');
    resources.push({ dispose: () => Reflect.apply(method, value, []) as unknown, isAsync });
    return value;
  };
  return {
    e: NOTHING,
    u: (value) => add(value, false),
    a: (value) => add(value, true),
    /** Last in, first out; a promise from the first asynchronous resource on. */
    d() {
      const fail = (error: unknown): void => {
        this.e = this.e === NOTHING ? error : suppressed(error, this.e);
      };
      for (let next = resources.pop(); next !== undefined; next = resources.pop()) {
        try {
          const result = next.dispose?.();
          if (!next.isAsync) continue;
          return Promise.resolve(result).then(
            () => this.d(),
            (error: unknown) => (fail(error), this.d()),
          );
        } catch (error) {
          fail(error);
        }
      }
      if (this.e !== NOTHING) throw this.e;
      return undefined;
    },
  };
}

function suppressed(error: unknown, earlier: unknown): Error {
  const made = new Error('An error was suppressed during disposal.');
  return Object.assign(made, { name: 'SuppressedError', error, suppressed: earlier });
}

type Decorator = (target: unknown, key?: string | symbol, descriptor?: PropertyDescriptor) => unknown;

/** A class when `key` is absent; a member with its descriptor when `descriptor` is null; a field when it is undefined. */
function decorate(
  decorators: readonly Decorator[],
  target: object,
  key?: string | symbol,
  descriptor?: PropertyDescriptor | null,
): unknown {
  if (key === undefined) return decorators.reduceRight<unknown>((made, each) => each(made) ?? made, target);
  const found = descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  const made = decorators.reduceRight<PropertyDescriptor | undefined>(
    (current, each) => (each(target, key, current) as PropertyDescriptor | undefined) ?? current,
    found,
  );
  if (made !== undefined) Object.defineProperty(target, key, made);
  return made;
}

function decorateParam(index: number, decorator: (target: unknown, key: unknown, index: number) => void): Decorator {
  return (target, key) => decorator(target, key, index);
}

function decorateMetadata(key: string, value: unknown): Decorator | undefined {
  const { metadata } = Reflect as { metadata?: (key: string, value: unknown) => Decorator };
  return metadata?.(key, value) ?? (() => undefined);
}

/** The helpers under the names that transpiled cells call. */
export const SYNTAX_HELPERS = { usingCtx, decorate, decorateParam, decorateMetadata };
