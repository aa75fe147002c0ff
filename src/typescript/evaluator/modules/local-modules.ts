/**
 * Files that cells and their helpers import by path. Extensions may be left out, or be those of the compiled file, as TypeScript has it.
 * Files in a `node_modules` are not among them.
 */
import { realpathSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { INTERNAL_FOLDER } from '../internals.js';

const TYPESCRIPT = /\.[mc]?tsx?$/;
const JAVASCRIPT = /\.([mc]?)jsx?$/;
const TRIED = ['.ts', '.tsx', '.mts', '.cts', '/index.ts', '/index.tsx'];
/** Tells Node's loader that a file is to be loaded once more. */
const VERSION = 'jupyter-version';
const VERSION_IN_TEXT = new RegExp(`[?&]${VERSION}=\\d+`, 'g');

/** Whether a path or a `file:` URL is that of a TypeScript file. */
export function isTypeScript(path: string): boolean {
  return TYPESCRIPT.test(path);
}

/** Whether a specifier is a path, or one that only the resolution from a file can be relative to. */
export function isPath(specifier: string): boolean {
  return /^(?:\.{1,2}(?:\/|$)|\/|file:)/.test(specifier);
}

/** The file of a URL; undefined for one that is no file, is a package's, or is the evaluator's own. */
export function localPath(url: string | undefined): string | undefined {
  if (url?.startsWith('file:') !== true) return undefined;
  const path = fileURLToPath(url);
  return isLocal(path) ? path : undefined;
}

/** Whether a file is neither a package's nor the evaluator's own. */
export function isLocal(path: string): boolean {
  return !/[\\/]node_modules[\\/]/.test(path) && !path.startsWith(INTERNAL_FOLDER);
}

/** The existing local file that a specifier means, without symbolic links; undefined for any other specifier. */
export function resolveFile(specifier: string, parentUrl: string | undefined): string | undefined {
  if (!isPath(specifier) || localPath(parentUrl) === undefined) return undefined;
  const url = new URL(specifier, parentUrl);
  if (url.protocol !== 'file:') return undefined;
  url.search = url.hash = '';
  const { href } = url;
  const compiled = JAVASCRIPT.exec(href)?.[0];
  const candidates =
    compiled === undefined
      ? TRIED.map((extension) => `${href}${extension}`)
      : [href.replace(JAVASCRIPT, '.$1ts'), href.replace(JAVASCRIPT, '.tsx')];
  for (const candidate of [href, ...candidates]) {
    const path = fileURLToPath(candidate);
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    if (isFile && isLocal(path)) return realpathSync(path);
  }
  return undefined;
}

/** The URL of a file, under which Node's loader keeps each version of it apart. */
export function versionedUrl(path: string, specifier: string, version: number): string {
  const url = pathToFileURL(path);
  if (/^[^?#]*\?/.test(specifier)) url.search = specifier.replace(/^[^?#]*/, '').replace(/#.*$/, '');
  if (version > 0) url.searchParams.set(VERSION, String(version));
  return url.href;
}

/** A text with URLs as they were before versions were put in. */
export function withoutVersions(text: string): string {
  return text.replace(VERSION_IN_TEXT, '');
}
