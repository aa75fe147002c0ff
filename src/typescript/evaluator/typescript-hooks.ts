/**
 * Loader hooks for files that are imported by path: TypeScript is transpiled, and a file that has changed is loaded again. They run
 * on the main thread (`registerHooks`) or on the loader's own (`register`), and are synchronous in both.
 */
import { isPath, isTypeScript, localPath, resolveFile, versionedUrl } from './local-modules.js';
import type { ModuleFiles } from './module-files.js';
import { transpileFile } from './transpile-file.js';

interface HookContext {
  readonly conditions?: readonly string[];
}

interface ResolveContext extends HookContext {
  readonly parentURL?: string;
}

interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

interface Loaded {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: boolean;
}

/** The hooks, as Node calls them. */
export interface LoaderHooks {
  /** Finds the file that a path means. */
  resolve<T>(
    specifier: string,
    context: ResolveContext,
    next: (specifier: string, context: ResolveContext) => T,
  ): T | Resolved;
  /** Transpiles TypeScript files. */
  load<T>(url: string, context: HookContext, next: (url: string, context: HookContext) => T): T | Loaded;
}

/** What the hooks tell of the files they see, and ask. */
export type FilesOfHooks = Pick<ModuleFiles, 'note' | 'noteMissing' | 'version'>;

/** Hooks that keep account of files in `files`. */
export function createLoaderHooks(files: FilesOfHooks): LoaderHooks {
  return {
    resolve(specifier, context, next) {
      const { parentURL } = context;
      // `require` is watched where it loads: some of its calls come here, and not in every version of Node.
      const file = isRequired(context) ? undefined : resolveFile(specifier, parentURL);
      const parent = localPath(parentURL);
      if (file === undefined) {
        if (!isRequired(context) && isPath(specifier) && parent !== undefined) files.noteMissing(specifier, parent);
        return next(specifier, context);
      }
      files.note(file, parent);
      const url = versionedUrl(file, specifier, files.version(file));
      return isTypeScript(file) ? { url, shortCircuit: true } : next(url, context);
    },
    load(url, context, next) {
      const file = isRequired(context) ? undefined : localPath(url);
      if (file === undefined || !isTypeScript(file)) return next(url, context);
      const { format, code } = transpileFile(file);
      return { format, source: code, shortCircuit: true };
    },
  };
}

function isRequired({ conditions }: HookContext): boolean {
  return conditions?.includes('require') === true;
}
