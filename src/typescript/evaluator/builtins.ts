/**
 * JavaScript's own objects as they were before the first cell ran.
 *
 * Cells share them with the evaluator, the parser's glue and Node: what a cell declares is global, so `class Set {}` replaces
 * `Set`, and `Array.prototype.map` can be patched. Where no user code runs, as while a cell is compiled, the originals are put back,
 * and cells get theirs again afterwards. Code that runs in between uses {@link ORIGINAL}.
 */

/** Originals that no cell can reach. Of namespaces these are copies: patching the global ones does not change them. */
export const ORIGINAL = {
  Atomics: copyOf(Atomics),
  JSON: copyOf(JSON),
  Object: copyOf(Object),
  Reflect: copyOf(Reflect),
  Promise,
  resolve: Promise.resolve.bind(Promise),
  isArray: Array.isArray,
  String,
} as const;

function copyOf<T extends object>(namespace: T): T {
  return Object.freeze(Object.create(null, Object.getOwnPropertyDescriptors(namespace))) as T;
}

/** See {@link createBuiltins}. */
export type Builtins = ReturnType<typeof createBuiltins>;

const GLOBALS = (
  'globalThis Object Function Array Number Boolean String Symbol BigInt Promise Error AggregateError RangeError SyntaxError ' +
  'TypeError RegExp Map Set WeakMap WeakSet JSON Math Reflect Proxy ArrayBuffer Uint8Array Int32Array Uint32Array'
).split(' ');
const NAMESPACES = [Object, Array, String, Promise, JSON, Reflect];
const PROTOTYPES = [Object, Function, Array, String, RegExp, Map, Set, Promise].map((each) => each.prototype as object);
/** To these a cell cannot even add: descriptors, JSON and lists would read it. */
const CLOSED = [Object.prototype, Array.prototype];

interface Property {
  readonly holder: Record<PropertyKey, unknown>;
  readonly key: PropertyKey;
  /** Undefined where there is no such property. Without a prototype, through which cells could add to it. */
  readonly descriptor: PropertyDescriptor | undefined;
}

const { defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf } = ORIGINAL.Reflect;

function propertyOf(holder: object, key: PropertyKey): Property {
  const descriptor = getOwnPropertyDescriptor(holder, key);
  if (descriptor !== undefined) setPrototypeOf(descriptor, null);
  return { holder: holder as Property['holder'], key, descriptor };
}

/** Fails silently where a cell has made the property unchangeable. */
function put({ holder, key, descriptor }: Property): void {
  if (descriptor === undefined) deleteProperty(holder, key);
  else defineProperty(holder, key, descriptor);
}

/** Puts the originals, which are those of now, back for a while. */
export function createBuiltins() {
  const originals = [
    ...GLOBALS.map((key) => propertyOf(globalThis, key)),
    ...[...NAMESPACES, ...PROTOTYPES].flatMap((holder) => ownKeys(holder).map((key) => propertyOf(holder, key))),
  ].filter(({ descriptor }) => descriptor?.configurable === true && 'value' in descriptor);
  const closed = CLOSED.map((holder) => {
    const keys = ownKeys(holder);
    const known: Record<PropertyKey, true> = Object.assign(
      Object.create(null),
      Object.fromEntries(keys.map((key) => [key, true])),
    );
    return { holder, known, count: keys.length };
  });
  let replaced: Property[] | undefined;

  // From here on no method of theirs is called, and no loop asks them for an iterator.
  const restore = (): void => {
    if (replaced !== undefined) return;
    const found: Property[] = [];
    replaced = found;
    for (let at = 0; at < originals.length; at++) {
      const original = originals[at] as Property;
      if (isInPlace(original)) continue;
      found[found.length] = propertyOf(original.holder, original.key);
      put(original);
    }
    for (let at = 0; at < closed.length; at++) {
      const { holder, known, count } = closed[at] as (typeof closed)[number];
      const keys = ownKeys(holder);
      for (let index = 0; keys.length > count && index < keys.length; index++) {
        const key = keys[index] as PropertyKey;
        if (known[key]) continue;
        found[found.length] = propertyOf(holder, key);
        deleteProperty(holder, key);
      }
    }
  };
  const giveBack = (): void => {
    const found = replaced ?? [];
    for (let at = 0; at < found.length; at++) put(found[at] as Property);
    replaced = undefined;
  };
  return {
    /** Has them in their places until `giveBack`. */
    restore,
    /** Puts back the replacements that cells had made; does nothing where that was done. */
    giveBack,
    /** Runs `action`, which must be synchronous, on the originals. */
    run<T>(action: () => T): T {
      if (replaced !== undefined) return action();
      restore();
      try {
        return action();
      } finally {
        giveBack();
      }
    },
  };
}

function isInPlace({ holder, key, descriptor }: Property): boolean {
  try {
    return holder[key] === descriptor?.value;
  } catch {
    return false; // a getter
  }
}
