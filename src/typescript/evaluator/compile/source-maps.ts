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

/** The origin of a position through source maps, the last step of the transpiler first; undefined where a map does not tell. */
export function trace(maps: readonly object[], position: Position): Position | undefined {
  const { TraceMap, originalPositionFor } = loadTraceMapping();
  let at = position;
  for (const map of maps) {
    const known = traceMaps.get(map) ?? new TraceMap(map as SourceMapInput);
    traceMaps.set(map, known);
    const { line, column } = originalPositionFor(known, { line: at.line, column: at.column - 1 });
    if (line === null) return undefined;
    at = { line, column: column + 1 };
  }
  return at;
}
