/**
 * Loader hooks for TypeScript files: extensions may be left out or be those of the compiled file, as TypeScript has it.
 * They run on the main thread (`registerHooks`) or on the loader's own (`register`), and are synchronous in both.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'oxc-transform';

interface ResolveContext {
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

const TYPESCRIPT = /\.[mc]?tsx?$/;
const JAVASCRIPT = /\.([mc]?)jsx?$/;
const TRIED = ['.ts', '.tsx', '.mts', '/index.ts'];

/** Finds the file that a relative specifier means. */
export function resolve<T>(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => T,
): T | Resolved {
  const found = findTypeScript(specifier, context.parentURL);
  return found === undefined ? next(specifier, context) : { url: found, shortCircuit: true };
}

/** Transpiles TypeScript files. */
export function load<T>(url: string, context: object, next: (url: string, context: object) => T): T | Loaded {
  if (!isTypeScriptFile(url)) return next(url, context);
  return { format: 'module', source: transpileFile(fileURLToPath(url)).code, shortCircuit: true };
}

/** Whether a URL is that of a TypeScript file, whatever its query. */
export function isTypeScriptFile(url: string): boolean {
  return url.startsWith('file:') && TYPESCRIPT.test(new URL(url).pathname);
}

/** A TypeScript file as JavaScript, with its source map. Throws a `SyntaxError` that names the file. */
export function transpileFile(file: string): { readonly code: string; readonly map: object } {
  const { code, map, errors } = transformSync(file, readFileSync(file, 'utf8'), {
    lang: file.endsWith('x') ? 'tsx' : 'ts',
    sourceType: 'module',
    target: 'es2023',
    jsx: { runtime: 'classic' },
    sourcemap: true,
  });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}${error.codeframe ?? ''}`);
  return { code, map: map ?? {} };
}

function findTypeScript(specifier: string, parentURL: string | undefined): string | undefined {
  if (!/^(\.{1,2}\/|\/|file:)/.test(specifier) || parentURL?.startsWith('file:') !== true) return undefined;
  if (parentURL.includes('/node_modules/')) return undefined;
  const url = new URL(specifier, parentURL);
  if (existsSync(fileURLToPath(url)) && /\.\w+$/.test(url.pathname))
    return TYPESCRIPT.test(url.pathname) ? url.href : undefined;
  const candidates = JAVASCRIPT.test(url.pathname)
    ? [url.href.replace(JAVASCRIPT, '.$1ts'), url.href.replace(JAVASCRIPT, '.tsx')]
    : TRIED.map((extension) => `${url.href}${extension}`);
  return candidates.find((each) => existsSync(fileURLToPath(each)));
}
