/** From a cell's text to a script that V8 has compiled, and back from the script's positions to the cell's. */
import type { SourceMapInput, TraceMap } from '@jridgewell/trace-mapping';
import { createRequire } from 'node:module';
import { constants, Script } from 'node:vm';
import { isNestedBeyond } from '../scan-code.js';
import { parseCell, parsePlainExpression } from './parse-cell.js';
import { rewriteCell, type RewriteOptions } from './rewrite-cell.js';
import { CellSyntaxError, transpileCell } from './transpile-cell.js';

/** Loaded when there is an error to place: most processes never see one. */
export const loadTraceMapping = (): typeof import('@jridgewell/trace-mapping') =>
  createRequire(import.meta.url)('@jridgewell/trace-mapping') as typeof import('@jridgewell/trace-mapping');

/** A place in a cell, both numbers from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A cell that V8 has compiled, ready to be run. */
export interface CompiledCell {
  readonly script: Script;
  readonly names: readonly string[];
  readonly isAsync: boolean;
  readonly hasResult: boolean;
  /** Whether it imports by relative or absolute paths. */
  readonly importsFiles: boolean;
  /** Where in the cell's own text a position of the script comes from. */
  original(position: Position): Position | undefined;
  /** The same for an offset in the transpiled text. */
  originalOffset(offset: number): Position | undefined;
}

/** How a cell is rewritten, and under which name it is compiled. */
export interface CompileOptions extends RewriteOptions {
  /** An absolute path in the notebook's folder, from which imports are resolved. It need not exist. */
  readonly filename: string;
}

/** How many brackets may be open. The parser recurses into each, and would end the process some thousands further on. */
const MAX_NESTING = 1000;

/** Compiles a cell. Throws a `SyntaxError`. */
export function compileCell(written: string, options: CompileOptions): CompiledCell {
  // What is pasted from a script may begin with the name of its interpreter, which is no comment in the middle of ours.
  const code = written.replace(/^#!/, '//');
  if (isNestedBeyond(code, MAX_NESTING)) throw new SyntaxError('the cell is nested too deeply');
  const plain = parsePlainExpression(code);
  const transpiled = plain === undefined ? transpileCell(code) : { code, map: undefined };
  const parsed = plain ?? parseCell(transpiled.code);
  if (parsed === undefined) throw new SyntaxError('the cell does not parse once it is transpiled');
  const { script: text, names, isAsync, hasResult, importsFiles } = rewriteCell(parsed, options);
  // Only errors need the maps.
  let transpileMap: TraceMap | undefined;
  let rewriteMap: TraceMap | undefined;
  const beforeTranspile = (position: Position): Position | undefined =>
    transpiled.map === undefined
      ? position
      : trace((transpileMap ??= new (loadTraceMapping().TraceMap)(transpiled.map as SourceMapInput)), position);
  const original = (position: Position): Position | undefined => {
    rewriteMap ??= new (loadTraceMapping().TraceMap)(
      text.generateDecodedMap({ hires: 'boundary', source: 'cell' }) as SourceMapInput,
    );
    const between = trace(rewriteMap, position);
    return between && beforeTranspile(between);
  };
  return {
    script: compileScript(text.toString(), options.filename, original),
    names,
    isAsync,
    hasResult,
    importsFiles,
    original,
    originalOffset(offset) {
      const lines = transpiled.code.slice(0, offset).split('\n');
      return beforeTranspile({ line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 });
    },
  };
}

/** What the parser lets pass, V8 may still refuse: `super.x`, `delete x`. It tells the place by showing it. */
function compileScript(text: string, filename: string, original: CompiledCell['original']): Script {
  try {
    return new Script(text, { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [head = '', , carets = ''] = String(error.stack).split('\n', 3);
    const position = original({ line: Number(/:(\d+)$/.exec(head)?.[1] ?? 1), column: carets.indexOf('^') + 1 });
    throw new CellSyntaxError(error.message, position ?? { line: 1, column: 1 });
  }
}

/** Where a position comes from by a source map. */
export function trace(map: TraceMap, position: Position): Position | undefined {
  const found = loadTraceMapping().originalPositionFor(map, { line: position.line, column: position.column - 1 });
  return found.line === null ? undefined : { line: found.line, column: found.column + 1 };
}
