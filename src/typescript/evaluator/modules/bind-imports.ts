/** The functions that compiled cells call to bind the names that they import; see `rewriteCell`. */
import { hasProperties } from '../../../support/is-object.js';
import { ORIGINAL, type Builtins } from '../builtins.js';
import { resolveFile } from './local-modules.js';
import { commonJsNamespace, type Namespace } from './module-namespaces.js';
import { exportsType } from '../compile/type-exports.js';

/** An exported name, `*` for all of them; the global variable for it; whether the cell uses that as a value. */
type Binding = readonly [imported: string, local: string, isUsed: boolean];

/** Taken now: cells may replace them. */
const { Proxy, TypeError } = globalThis;
const { defineProperty, get, getOwnPropertyDescriptor, set } = ORIGINAL.Reflect;
const VARIABLE = { writable: true, enumerable: true, configurable: true };

/** Binds imported names to global variables, for cells whose imports are resolved from `parentUrl`. */
export function createImportBinder(parentUrl: string, { run }: Builtins) {
  return {
    /** All or none. Throws a `SyntaxError` for a missing export, as a module would, unless it is, or may be, a type's name. */
    bind(namespace: Namespace, source: string, bindings: readonly Binding[]): void {
      define(run(() => boundValues(namespace, source, bindings, parentUrl)));
    },
    /** Every export but the default one. */
    bindAll(namespace: Namespace): void {
      define(run(() => everyExport(namespace)));
    },
  };
}

/** A name may replace one of the originals: so this is done after cells have got theirs back. */
function define(found: readonly Bound[]): void {
  for (let at = 0; at < found.length; at++) {
    const { 0: name, 1: value } = found[at] as Bound;
    const existing = getOwnPropertyDescriptor(globalThis, name);
    // Not by assignment alone: some globals of Node are getters, or do not exist.
    if (existing?.configurable === false) set(globalThis, name, value);
    // Without a prototype, to which a cell may have added.
    else defineProperty(globalThis, name, { ...VARIABLE, __proto__: null, value } as PropertyDescriptor);
  }
}

type Bound = readonly [local: string, value: unknown];

function boundValues(namespace: Namespace, source: string, bindings: readonly Binding[], parentUrl: string): Bound[] {
  return bindings.flatMap(([imported, local, isUsed]): Bound[] => {
    const found = exported(namespace, imported);
    if (found !== undefined) return [[local, found.value]];
    if (isUsed || !mayBeType(imported, source, parentUrl)) throw new SyntaxError(missingExport(source, imported));
    return [];
  });
}

function everyExport(namespace: Namespace): Bound[] {
  const all = commonJsNamespace(namespace) ?? namespace;
  return Object.keys(all)
    .filter((name) => name !== 'default' && name !== 'module.exports')
    .map((name) => [name, all[name]]);
}

/** A CommonJS module's exports are also found on its `module.exports`, where Node's lexer missed them. */
function exported(namespace: Namespace, name: string): { readonly value: unknown } | undefined {
  if (name === '*') return { value: commonJsNamespace(namespace) ?? namespace };
  if (name in namespace) return { value: namespace[name] };
  const { default: fallback } = namespace;
  return hasProperties(fallback) && name in fallback ? { value: Reflect.get(fallback, name) } : undefined;
}

/**
 * Whether a name that a module does not export may be that of a type, which does not exist at run time. TypeScript files tell. Packages do
 * not: there, a capital letter tells a type.
 */
function mayBeType(name: string, source: string, parentUrl: string): boolean {
  const file = resolveFile(source, parentUrl);
  return file === undefined ? /^\p{Lu}/u.test(name) : exportsType(file, name);
}

function missingExport(source: string, name: string): string {
  const advice = source.startsWith('node:') ? '' : `; if it is a type, write \`import type { ${name} }\``;
  return `The requested module '${source}' does not provide an export named '${name}'${advice}`;
}

/**
 * Stands for a cell's constants in assignments to them: `constant.k = 1` throws as `k = 1` does in a module, whatever reads them before.
 */
export const CONSTANT: object = new Proxy(Object.freeze(Object.create(null)) as object, {
  get: (_target, name) => get(globalThis, name) as unknown,
  set() {
    throw new TypeError('Assignment to constant variable.');
  },
});
