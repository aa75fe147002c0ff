/** `require` of files of the notebook's folder, also where ES modules of theirs are CommonJS. */
import { createRequire, Module } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isLocal, isPath, resolveFile } from './local-modules.js';
import type { ModuleFiles } from './module-files.js';
import { asCommonJs, transpileFile } from './transpile-file.js';

/** How `require` finds and compiles files: by Node's own names, which other loaders of TypeScript replace too. */
interface Internals {
  _resolveFilename(request: string, parent: NodeJS.Module | null | undefined, ...rest: unknown[]): string;
}

interface Loading extends NodeJS.Module {
  _compile(code: string, filename: string): void;
}

type Extension = (module: Loading, filename: string) => void;

/** Notes in `files` what `require` loads and does not find, and makes it load TypeScript. */
export function watchRequire(files: ModuleFiles): void {
  const { extensions } = createRequire(import.meta.url) as { extensions: Record<string, Extension | undefined> };
  const watch = (extension: string, load: Extension | undefined): void => {
    extensions[extension] = (module, filename) => {
      if (isLocal(filename)) files.note(filename, module.parent?.filename);
      load?.(module, filename);
    };
  };
  const loadTypeScript: Extension = (module, filename) => module._compile(transpileFile(filename, true).code, filename);
  const { '.js': original, '.json': loadJson } = extensions;
  const loadJavaScript: Extension = (module, filename) => {
    // Of an ES module Node's loader keeps the first version for `require`.
    const code = files.version(filename) > 0 ? asCommonJs(filename) : undefined;
    if (code === undefined) original?.(module, filename);
    else module._compile(code, filename);
  };
  watch('.json', loadJson);
  for (const extension of ['.js', '.mjs']) watch(extension, loadJavaScript);
  for (const extension of ['.ts', '.tsx', '.mts', '.cts']) watch(extension, loadTypeScript);

  const internals = Module as unknown as Internals;
  const { _resolveFilename: resolveFilename } = internals;
  internals._resolveFilename = (request, parent, ...rest) => {
    const url = parent?.filename == null ? undefined : pathToFileURL(parent.filename).href;
    try {
      return resolveFile(request, url) ?? resolveFilename.call(internals, request, parent, ...rest);
    } catch (error) {
      if (isPath(request) && parent?.filename != null) files.noteMissing(request, parent.filename);
      throw error;
    }
  };
}
