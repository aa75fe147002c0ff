/** From a cell's text to a script that V8 has compiled, and back from the script's positions to the cell's. */
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import { objectCell } from '../../object-cell.js';
import { isNestedBeyond } from '../../scan-code.js';
import { CellSyntaxError } from './cell-syntax-error.js';
import { noteDeclared, type KnownDecorators } from './decorator-kind.js';
import { parseCell, parsePlain } from './parse-cell.js';
import { rewriteCell, type RewriteOptions } from './rewrite-cell.js';
import { trace, traceAll, type Position } from './source-maps.js';
import { transpileCell } from './transpile-cell.js';
import type { Transpiled } from './transpile-code.js';

/** A cell that V8 has compiled, ready to be run. */
export interface CompiledCell {
  readonly script: Script;
  /** Every name that the cell declares globally, but for those of imports. */
  readonly names: readonly string[];
  readonly isAsync: boolean;
  readonly hasResult: boolean;
  /** Whether it may load files of the notebook's folder by `import`. */
  readonly importsFiles: boolean;
  /** Where in the cell's own text a position of the script comes from. */
  original(position: Position): Position | undefined;
  /** The same for an offset in the transpiled text. */
  originalOffset(offset: number): Position | undefined;
}

/** How a cell is rewritten, and under which name it is compiled. */
export interface CompileOptions extends Pick<RewriteOptions, 'cell' | 'resume' | 'scopes'> {
  /** An absolute path in the notebook's folder, from which imports are resolved. It need not exist. */
  readonly filename: string;
  /** What earlier cells have declared that may be a decorator; what this one declares is added. */
  readonly known: KnownDecorators;
}

/** How many brackets may be open. The parser recurses into each, and would end the process some thousands further on. */
const MAX_NESTING = 1000;

/** Compiles a cell. Throws a `SyntaxError`. */
export function compileCell(written: string, options: CompileOptions): CompiledCell {
  const { filename, known } = options;
  // What is pasted from a script may begin with the name of its interpreter, which is no comment in the middle of ours.
  const statements = written.replace(/^#!/, '//');
  if (isNestedBeyond(statements, MAX_NESTING)) throw new SyntaxError('the cell is nested too deeply');
  const object = objectCell(statements);
  const code = object?.code ?? statements;
  const plain = parsePlain(code);
  const transpiled = plain === undefined ? transpileCell(code, dirname(filename), known) : untranspiled(code);
  const parsed = plain ?? parseCell(transpiled.code);
  if (parsed === undefined) throw new SyntaxError('the cell does not parse once it is transpiled');
  if (plain !== undefined) noteDeclared(plain.program, known);
  const { script: text, ...rewritten } = rewriteCell(parsed, {
    ...options,
    lowered: transpiled.lowered,
    declaredConstants: transpiled.constants,
  });
  const inCell = (position: Position): Position | undefined => {
    const at = traceAll(transpiled.maps, position);
    return at && object !== undefined ? withoutParenthesis(at, statements, object.start) : at;
  };
  // Only errors need the map.
  let rewriteMap: object | undefined;
  const original = (position: Position): Position | undefined => {
    rewriteMap ??= text.generateDecodedMap({ hires: 'boundary', source: 'cell' });
    const between = trace(rewriteMap, position);
    return between && inCell(between);
  };
  return {
    script: compileScript(text.toString(), filename, original),
    ...rewritten,
    original,
    originalOffset: (offset) => inCell(positionAt(transpiled.code, offset)),
  };
}

function untranspiled(code: string): Transpiled {
  return { code, maps: [] };
}

function positionAt(code: string, offset: number): Position {
  const lines = code.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** A position as it is without the parenthesis that was put in at an offset. */
function withoutParenthesis(position: Position, code: string, offset: number): Position {
  const { line, column } = positionAt(code, offset);
  const isBehind = position.line === line && position.column > column;
  return isBehind ? { line, column: position.column - 1 } : position;
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
