/** Positions, and their origins by a source map. */
import type { SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';
import { createRequire } from 'node:module';

/** A place in a text, both numbers from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position behind the last character of a text. */
export function positionAfter(text: string): Position {
  const lines = text.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** Loaded when there is an error to place: most processes never see one. */
const loadTraceMapping = (): typeof import('@jridgewell/trace-mapping') =>
  createRequire(import.meta.url)('@jridgewell/trace-mapping') as typeof import('@jridgewell/trace-mapping');

const traceMaps = new WeakMap<object, TraceMap>();

/** The origin of a position by a source map; undefined where the map does not tell. */
export function trace(map: object, position: Position): Position | undefined {
  const { TraceMap, originalPositionFor } = loadTraceMapping();
  const known = traceMaps.get(map) ?? new TraceMap(map as SourceMapInput);
  traceMaps.set(map, known);
  const found = originalPositionFor(known, { line: position.line, column: position.column - 1 });
  return found.line === null ? undefined : { line: found.line, column: found.column + 1 };
}

/** The same through several maps, the last step of the transpiler first. */
export function traceAll(maps: readonly object[], position: Position): Position | undefined {
  let at: Position | undefined = position;
  for (const map of maps) {
    if (at === undefined) return undefined;
    at = trace(map, at);
  }
  return at;
}
