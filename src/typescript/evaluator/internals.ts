/** The evaluator's own files. They are modules, or the bundle of them that its process runs, which lies in the folder of this module. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder that holds them all, which user code is never in. With a slash at its end. */
export const INTERNAL_FOLDER = fileURLToPath(new URL('..', import.meta.url));
/** The same as the URL that stacks name modules by. */
export const INTERNAL_URL = new URL('..', import.meta.url).href;
/** The program of the control thread. */
export const CONTROL_THREAD = new URL('control-thread.cjs', import.meta.url);
/** The program of the thread that Node runs loader hooks on. */
export const LOADER_THREAD = new URL('modules/loader-thread.js', import.meta.url).href;

/** Returns whether a frame of a stack belongs to one of these modules, named as in `dist/typescript/evaluator/`. */
export function frameIsOf(files: readonly string[]): (site: NodeJS.CallSite) => boolean {
  const url = import.meta.url;
  if (!url.endsWith('.cjs')) {
    const urls = files.map((file) => new URL(file, url).href);
    return (site) => urls.includes(site.getFileName() ?? '');
  }
  const bundle = fileURLToPath(url);
  const parts = partsOf(readFileSync(bundle, 'utf8'), files);
  return (site) => {
    const line = site.getLineNumber() ?? 0;
    return site.getFileName() === bundle && parts.some(({ first, last }) => first <= line && line <= last);
  };
}

/** The lines of a bundle that hold each of these modules: the bundler names a module in a comment before it. */
function partsOf(bundle: string, files: readonly string[]): { readonly first: number; readonly last: number }[] {
  const lines = bundle.split('\n');
  const names = lines.flatMap((line, index) => (/^\/\/ \S+\.[cm]?js$/.test(line) ? [{ line, index }] : []));
  return files.map((file) => {
    const at = names.findIndex(({ line }) => line.endsWith(`/typescript/evaluator/${file}`));
    const start = names[at];
    if (start === undefined) throw new Error(`The bundle of the evaluator does not hold ${file}.`);
    return { first: start.index + 1, last: names[at + 1]?.index ?? lines.length };
  });
}
