/** Runs what a cell was compiled to. */
import type { CompiledCell } from '../compile/compile-cell.js';

/** The cell's last value, in a list; an empty list when it does not end in an expression. */
export function runScript(compiled: CompiledCell): unknown[] | Promise<unknown[]> {
  // Node would look at an error's stack here, before we can put things in order for that.
  const value: unknown = compiled.script.runInThisContext({ displayErrors: false });
  if (compiled.isAsync) return resultOf((value as () => Promise<unknown[] | undefined>)());
  return compiled.hasResult ? [value] : [];
}

async function resultOf(running: Promise<unknown[] | undefined>): Promise<unknown[]> {
  return (await running) ?? [];
}

/**
 * Turns lazy globals (`crypto`, `navigator`, …) that a cell declares anew into plain variables, as `var` alone does not. They keep
 * their value until the cell assigns another.
 */
export function makeAssignable(names: readonly string[]): void {
  for (const name of names) {
    const existing = Object.getOwnPropertyDescriptor(globalThis, name);
    if (existing?.configurable !== true || 'value' in existing) continue;
    const value = Reflect.get(globalThis, name) as unknown;
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
  }
}
