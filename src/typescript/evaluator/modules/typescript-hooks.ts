/**
 * Loader hooks for files that are imported by path: TypeScript is transpiled, and a file that has changed is loaded again. They run
 * on the main thread (`registerHooks`) or on the loader's own (`register`), and are synchronous in both.
 */
import { isPath, isTypeScript, localPath, resolveFile, versionedUrl } from './local-modules.js';
import type { ModuleFiles } from './module-files.js';
import { isTypeScriptFile, transpileFile } from '../compile/transpile-file.js';

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

/** The part of {@link ModuleFiles} that the hooks use. */
export type FilesOfHooks = Pick<ModuleFiles, 'note' | 'noteMissing' | 'version'>;

/** Hooks that note the files they see in `files`. Their own code runs within `run`. */
export function createLoaderHooks(files: FilesOfHooks, run: <T>(action: () => T) => T): LoaderHooks {
  /** The URL of a file that a path means; undefined for any other specifier. */
  const urlOf = (specifier: string, parentUrl: string | undefined): string | undefined => {
    const file = resolveFile(specifier, parentUrl);
    const parent = localPath(parentUrl);
    if (file === undefined) {
      if (isPath(specifier) && parent !== undefined) files.noteMissing(specifier, parent);
      return undefined;
    }
    files.note(file, parent);
    return versionedUrl(file, specifier, files.version(file));
  };
  return {
    resolve(specifier, context, next) {
      // `require` is watched where it loads: some of its calls come here, and not in every version of Node.
      if (isRequired(context)) return next(specifier, context);
      const url = run(() => urlOf(specifier, context.parentURL));
      if (url === undefined) return next(specifier, context);
      return isTypeScriptFile(url) ? { url, shortCircuit: true } : next(url, context);
    },
    load(url, context, next) {
      const loaded = isRequired(context) ? undefined : run(() => transpiled(url));
      return loaded ?? next(url, context);
    },
  };
}

function transpiled(url: string): Loaded | undefined {
  const file = localPath(url);
  if (file === undefined || !isTypeScript(file)) return undefined;
  const { format, code } = transpileFile(file);
  return { format, source: code, shortCircuit: true };
}

function isRequired({ conditions }: HookContext): boolean {
  return conditions?.includes('require') === true;
}
