/** Places in TypeScript files that cells have imported, for stacks. */
import type { SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';
import { fileURLToPath } from 'node:url';
import { loadTraceMapping, trace, type Position } from './compile-cell.js';
import { isTypeScriptFile, transpileFile } from './typescript-hooks.js';

/** Where in a file's own text a position of its JavaScript comes from; undefined for other files. */
export type PlaceInFile = (url: string, position: Position) => Position | undefined;

/**
 * Transpiles a file once more when an error is to be placed in it: the loader's hooks may live on a thread of their own. A file
 * that has changed since it was imported gives the lines that it has now.
 */
export function createPlaceInFile(): PlaceInFile {
  const maps = new Map<string, TraceMap | undefined>();
  return (url, position) => {
    if (!isTypeScriptFile(url)) return undefined;
    if (!maps.has(url)) maps.set(url, readMap(url));
    const map = maps.get(url);
    return map && trace(map, position);
  };
}

function readMap(url: string): TraceMap | undefined {
  try {
    return new (loadTraceMapping().TraceMap)(transpileFile(fileURLToPath(url)).map as SourceMapInput);
  } catch {
    return undefined; // it is gone, or broken by now
  }
}
