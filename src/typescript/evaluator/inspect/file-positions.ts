/** Places in TypeScript files that cells have imported, for stacks. */
import { fileURLToPath } from 'node:url';
import { trace, type Position } from '../compile/source-maps.js';
import { isTypeScriptFile, transpileFile } from '../compile/transpile-file.js';

/** The position in a file's own text that a position of its JavaScript comes from; undefined for other files. */
export type PlaceInFile = (url: string, position: Position) => Position | undefined;

/**
 * Transpiles a file once more when an error is to be placed in it: the loader's hooks may live on a thread of their own. A file
 * that has changed since it was imported gives the lines that it has now.
 */
export function createPlaceInFile(): PlaceInFile {
  const maps = new Map<string, readonly object[] | undefined>();
  return (url, position) => {
    if (!isTypeScriptFile(url)) return undefined;
    if (!maps.has(url)) maps.set(url, readMaps(url));
    const found = maps.get(url);
    return found && trace(found, position);
  };
}

function readMaps(url: string): readonly object[] | undefined {
  try {
    return transpileFile(url.startsWith('file:') ? fileURLToPath(url) : url).maps;
  } catch {
    return undefined; // the file was removed or broken since
  }
}
