/** `require` of files of the notebook's folder, also where ES modules of theirs are CommonJS. */
import { createRequire, Module } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Builtins } from '../builtins.js';
import { isLocal, isPath, resolveFile } from './local-modules.js';
import type { ModuleFiles } from './module-files.js';
import { asCommonJs, transpileFile } from '../compile/transpile-file.js';

/** Node's own names of the functions by which `require` finds and compiles files; other loaders of TypeScript use them too. */
const RESOLVE = '_resolveFilename';
const COMPILE = '_compile';

interface Internals {
  [RESOLVE](request: string, parent: NodeJS.Module | null | undefined, ...rest: unknown[]): string;
}

interface Loading extends NodeJS.Module {
  [COMPILE](code: string, filename: string): void;
}

type Extension = (module: Loading, filename: string) => void;

/** Notes in `files` the files that `require` loads or does not find, and makes it load TypeScript. Its own code runs within `run`. */
export function watchRequire(files: ModuleFiles, run: Builtins['run']): void {
  const { extensions } = createRequire(import.meta.url) as { extensions: Record<string, Extension | undefined> };
  /** With `transpile`, which may leave a file to `original`. */
  const watch = (extension: string, original?: Extension, transpile?: (file: string) => string | undefined): void => {
    extensions[extension] = (module, filename) => {
      const code = run(() => {
        if (isLocal(filename)) files.note(filename, module.parent?.filename);
        return transpile?.(filename);
      });
      if (code === undefined) original?.(module, filename);
      else module[COMPILE](code, filename);
    };
  };
  const { '.js': loadJavaScript, '.json': loadJson } = extensions;
  watch('.json', loadJson);
  for (const extension of ['.js', '.mjs']) {
    // Of an ES module Node's loader keeps the first version for `require`.
    watch(extension, loadJavaScript, (file) => (files.version(file) > 0 ? asCommonJs(file) : undefined));
  }
  for (const extension of ['.ts', '.tsx', '.mts', '.cts'])
    watch(extension, loadJavaScript, (file) => transpileFile(file, true).code);

  const internals = Module as unknown as Internals;
  const { [RESOLVE]: original } = internals;
  internals[RESOLVE] = (request, parent, ...rest) => {
    const file = parent?.filename;
    if (typeof file !== 'string' || !isPath(request)) return original.call(internals, request, parent, ...rest);
    const found = run(() => resolveFile(request, pathToFileURL(file).href));
    if (found === undefined) run(() => files.noteMissing(request, file));
    return found ?? original.call(internals, request, parent, ...rest);
  };
}
