/** From a cell's text to what can be run. */
import { join } from 'node:path';
import type { Builtins } from '../builtins.js';
import { compileCell, type CompiledCell } from '../compile/compile-cell.js';
import type { KnownDecorators } from '../compile/decorator-kind.js';
import type { Scopes } from '../compile/lowered-scope.js';
import type { CellStacks } from '../inspect/cell-stack.js';
import type { FileImports } from '../modules/typescript-files.js';
import type { CellTracker } from './cell-tracker.js';

/** Dependencies of {@link createCellPreparer}. */
export interface PreparerOptions {
  /** The notebook's folder. */
  readonly folder: string;
  readonly tracker: CellTracker;
  readonly stacks: CellStacks;
  readonly builtins: Builtins;
  /** Allowed before the first cell runs that imports a file of the notebook. */
  readonly imports: FileImports;
  /** The objects in which compiled cells find the names that lowering adds to them. */
  readonly scopes: Scopes;
}

/** A cell, or a user expression of one, ready to be run. */
export interface PreparedCell extends Pick<CompiledCell, 'originalOffset'> {
  /** Returns its last value, in a list; an empty list when it does not end in an expression. */
  run(): unknown[] | Promise<unknown[]>;
}

/** Prepares the code of execution `id`, compiled under the file name `name`. Throws a `SyntaxError`. */
export type PrepareCell = (code: string, id: number, name: string, executionCount: number) => PreparedCell;

/** A preparer that knows of no earlier cells. */
export function createCellPreparer(options: PreparerOptions): PrepareCell {
  const { folder, tracker, stacks, builtins, imports, scopes } = options;
  const known: KnownDecorators = new Map();
  return (code, id, name, executionCount) => {
    const filename = join(folder, name);
    builtins.restore();
    try {
      const compiled = compileCell(code, { cell: id, resume: tracker.resume !== undefined, filename, scopes, known });
      const { original, originalOffset } = compiled;
      stacks.add(filename, { cell: id, executionCount, code, original });
      makeAssignable(compiled.names);
      if (compiled.importsFiles) imports.allow();
      imports.refresh();
      return { run: () => runScript(compiled), originalOffset };
    } finally {
      builtins.giveBack();
    }
  };
}

/**
 * Turns lazy globals (`crypto`, `navigator`, …) that a cell declares anew into plain variables, as `var` alone does not. They keep
 * their value until the cell assigns another.
 */
function makeAssignable(names: readonly string[]): void {
  for (const name of names) {
    const existing = Object.getOwnPropertyDescriptor(globalThis, name);
    if (existing?.configurable !== true || 'value' in existing) continue;
    const value = Reflect.get(globalThis, name) as unknown;
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

function runScript({ script, isAsync, hasResult }: CompiledCell): unknown[] | Promise<unknown[]> {
  // Node would look at an error's stack here, before the originals are in place for that.
  const value: unknown = script.runInThisContext({ displayErrors: false });
  if (isAsync) return resultOf((value as () => Promise<unknown[] | undefined>)());
  return hasResult ? [value] : [];
}

async function resultOf(running: Promise<unknown[] | undefined>): Promise<unknown[]> {
  return (await running) ?? [];
}
