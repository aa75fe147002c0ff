/** The names that cells find beside Node's own: CommonJS conveniences, questions and display. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Display } from '../output/display.js';
import { isPath } from '../modules/local-modules.js';
import type { Questions } from './questions.js';
import type { FileImports } from '../modules/typescript-files.js';

/** Dependencies of {@link installCellGlobals}. */
export interface CellGlobals {
  readonly folder: string;
  readonly questions: Questions;
  readonly display: Display;
  readonly imports: FileImports;
}

/** `import.meta` of cells: that of a module in the notebook's folder. */
export function importMeta(folder: string) {
  const filename = join(folder, 'notebook.ts');
  const { resolve } = createRequire(filename);
  const url = pathToFileURL(filename).href;
  return {
    url,
    filename,
    dirname: folder,
    resolve(specifier: string): string {
      if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, url).href;
      const found = resolve(specifier);
      return found.startsWith('/') || /^[A-Za-z]:\\/.test(found) ? pathToFileURL(found).href : found;
    },
  };
}

/** Defines the names on `globalThis`; a cell may declare any of them anew. */
export function installCellGlobals({ folder, questions, display: Jupyter, imports }: CellGlobals): void {
  const filename = join(folder, 'notebook.ts');
  const module = { exports: {} };
  const { input, prompt, confirm } = questions;
  const { display, page, clearOutput, html, md, svg, latex } = Jupyter;
  const asking = { input, prompt, confirm };
  const showing = { display, page, clearOutput, html, md, svg, latex };
  const names = {
    require: freshRequire(filename, imports),
    module,
    exports: module.exports,
    __filename: filename,
    __dirname: folder,
    ...asking,
    ...showing,
    Jupyter: { ...Jupyter, ...asking },
  };
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** A `require` that loads files again when they have changed. */
function freshRequire(filename: string, imports: FileImports): NodeJS.Require {
  const original = createRequire(filename);
  const require = (id: string): unknown => {
    if (typeof id === 'string' && isPath(id)) {
      imports.allow();
      imports.refresh();
    }
    return original(id);
  };
  return Object.assign(require, original);
}
