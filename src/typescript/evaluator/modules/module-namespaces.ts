/** `import * as name` of CommonJS modules. */
import { createRequire } from 'node:module';
import { hasProperties } from '../../../support/is-object.js';

/** A module's exports. */
export type Namespace = Readonly<Record<string, unknown>>;

/** Taken now: cells may declare classes of these names. */
const { Function, Object, Proxy, Reflect, Set, String, TypeError } = globalThis;

const require = createRequire(import.meta.url);
/** The `module.exports` behind our namespaces: looking at values runs no code of a proxy. */
const shown = new WeakMap<object, object>();

/** The `module.exports` that a namespace made by {@link commonJsNamespace} shows. */
export function exportsBehind(value: object): object | undefined {
  return shown.get(value);
}

/**
 * A namespace with every member of `module.exports`, also those that Node's lexer does not find, as they are at each time, and
 * `default`. Undefined for modules of other kinds.
 */
export function commonJsNamespace(namespace: Namespace): Namespace | undefined {
  const { default: exports } = namespace;
  if (!hasProperties(exports) || !isCommonJs(namespace, exports)) return undefined;
  const has = (name: PropertyKey): boolean =>
    Object.hasOwn(exports, name) || (name in exports && !(name in Function.prototype));
  const valueOf = (name: PropertyKey): unknown => {
    if (name === 'default') return exports;
    return has(name) ? Reflect.get(exports, name) : Reflect.get(namespace, name);
  };
  const keys = (): (string | symbol)[] => [
    ...new Set([...Reflect.ownKeys(namespace), ...Object.keys(exports)].filter((key) => key !== 'module.exports')),
  ];
  // What is shown of it, without a question to the proxy; getters are left alone.
  const target = Object.create(null) as Record<PropertyKey, unknown>;
  for (const key of keys()) {
    const own = Object.getOwnPropertyDescriptor(exports, key) ?? Object.getOwnPropertyDescriptor(namespace, key);
    if (own !== undefined) Object.defineProperty(target, key, { ...own, configurable: true });
  }
  const made = new Proxy(target, {
    get: (_target, name) => valueOf(name),
    has: (_target, name) => name === 'default' || has(name) || name in namespace,
    ownKeys: keys,
    getOwnPropertyDescriptor(_target, name) {
      if (!keys().includes(name)) return undefined;
      return { value: valueOf(name), writable: true, enumerable: typeof name === 'string', configurable: true };
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  }) as Namespace;
  shown.set(made, exports);
  return made;
}

/** Node tells from version 23 on. Before that, the exports of CommonJS modules are in their cache. */
function isCommonJs(namespace: Namespace, exports: object): boolean {
  if ('module.exports' in namespace) return true;
  return Object.values(require.cache).some((each) => each?.exports === exports);
}

/** As a module's namespace does. */
function refuse(_target: object, name: PropertyKey): never {
  throw new TypeError(`Cannot assign to '${String(name)}' of an imported module`);
}
