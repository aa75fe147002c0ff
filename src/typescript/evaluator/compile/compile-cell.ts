/** From a cell's text to a script that V8 has compiled, and back from the script's positions to the cell's. */
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import { parseSync } from 'oxc-parser';
import { objectCell } from '../../object-cell.js';
import { isNestedBeyond } from '../../scan-code.js';
import { CellSyntaxError } from './cell-syntax-error.js';
import { noteDeclared, type KnownDecorators } from './decorator-kind.js';
import { rewriteCell, type ParsedCell, type RewriteOptions, type RewrittenCell } from './rewrite-cell.js';
import { positionAfter, trace, type Position } from './source-maps.js';
import type { Node } from './syntax-tree.js';
import { parse, transpile, type Transpiled } from './transpile-code.js';

/** A cell that V8 has compiled, ready to be run. */
export interface CompiledCell extends Pick<RewrittenCell, 'names' | 'importsFiles'> {
  /** Returns its last value, in a list; an empty list when it does not end in an expression. */
  run(): unknown[] | Promise<unknown[]>;
  /** The position in the cell's own text that a position of the script comes from. */
  original(position: Position): Position | undefined;
  /** The same for an offset in the transpiled text. */
  originalOffset(offset: number): Position | undefined;
}

/** The options of rewriting a cell, and the name that it is compiled under. */
export interface CompileOptions extends Pick<RewriteOptions, 'cell' | 'resume' | 'scopes'> {
  /** An absolute path in the notebook's folder, from which imports are resolved. It need not exist. */
  readonly filename: string;
  /** The declarations of earlier cells that may be decorators; those of this one are added. */
  readonly known: KnownDecorators;
}

/** Maximum number of open brackets. The parser recurses into each, and would end the process some thousands further on. */
const MAX_NESTING = 1000;
/** Types that tell how a function is called as a decorator. */
const MAY_TELL = /\b(?:Property(?:Descriptor|Key)|TypedPropertyDescriptor|\w*Decorator(?:Context)?|string|symbol)\b/;

/** Compiles a cell. Throws a `SyntaxError`. */
export function compileCell(written: string, options: CompileOptions): CompiledCell {
  const { filename, known } = options;
  // Text pasted from a script may begin with the name of its interpreter, which is no comment in the middle of ours.
  const statements = written.replace(/^#!/, '//');
  if (isNestedBeyond(statements, MAX_NESTING)) throw new SyntaxError('The cell is nested too deeply.');
  const object = objectCell(statements);
  const code = object?.code ?? statements;
  const plain = parsePlain(code);
  const transpiled: Transpiled =
    plain === undefined ? transpileCell(code, dirname(filename), known) : { code, maps: [] };
  const parsed = plain ?? parseCell(transpiled.code);
  if (parsed === undefined) throw new SyntaxError('The cell does not parse once it is transpiled.');
  if (plain !== undefined) noteDeclared(plain.program, known);
  const { script: text, ...rewritten } = rewriteCell(parsed, {
    ...options,
    lowered: transpiled.lowered,
    declaredConstants: transpiled.constants,
  });
  const inCell = (maps: readonly object[], position: Position): Position | undefined => {
    const at = trace(maps, position);
    return at && object !== undefined ? withoutParenthesis(at, statements, object.start) : at;
  };
  // Only errors need the map.
  let rewriteMap: object | undefined;
  const original = (position: Position): Position | undefined => {
    rewriteMap ??= text.generateDecodedMap({ hires: 'boundary', source: 'cell' });
    return inCell([rewriteMap, ...transpiled.maps], position);
  };
  return {
    ...rewritten,
    run: runnerOf(compileScript(text.toString(), filename, original), rewritten),
    original,
    originalOffset: (offset) => inCell(transpiled.maps, positionAfter(transpiled.code.slice(0, offset))),
  };
}

/** Apart from the rest of what was compiled, which lives as long as the process: the script does not. */
function runnerOf(script: Script, { isAsync, hasResult }: Omit<RewrittenCell, 'script'>): CompiledCell['run'] {
  return () => {
    // Node would look at an error's stack here, before the originals are in place for that.
    const value: unknown = script.runInThisContext({ displayErrors: false });
    if (isAsync) return resultOf((value as () => Promise<unknown[] | undefined>)());
    return hasResult ? [value] : [];
  };
}

async function resultOf(running: Promise<unknown[] | undefined>): Promise<unknown[]> {
  return (await running) ?? [];
}

/** Code that TypeScript and JavaScript read differently, or that not every supported Node runs. */
const NEEDS_TRANSPILING = /[<@]|\b(?:using|accessor)\b/;

/** Parses a cell in plain JavaScript: it can be run as it was written, and its functions keep their own text. */
function parsePlain(code: string): ParsedCell | undefined {
  return NEEDS_TRANSPILING.test(code) ? undefined : parseCell(code, true);
}

/** Parses JavaScript; undefined where it is none. Code that `isWritten` by a person is also checked for names declared twice and the like. */
function parseCell(code: string, isWritten = false): ParsedCell | undefined {
  // Two line ends: the wrapper closes at the first, and functions are moved behind it.
  const text = `${code}\n\n`;
  const { program, errors } = parseSync('cell.js', text, {
    lang: 'js',
    sourceType: 'module',
    showSemanticErrors: isWritten,
  });
  return errors.length === 0 ? { text, program: program as unknown as Node } : undefined;
}

/**
 * Transpiles a cell. `<T>x` is a type assertion where that parses, and JSX where it does not. Its declarations are added to `known`, whose
 * decorators it may use. Throws a {@link CellSyntaxError}.
 */
function transpileCell(code: string, folder: string, known: KnownDecorators): Transpiled {
  const as = (lang: 'ts' | 'tsx'): Transpiled => {
    const transpiled = transpile({ code, lang, folder, isCell: true, format: 'esm', known });
    if (MAY_TELL.test(code)) noteDeclared(parse(code, lang), known);
    return transpiled;
  };
  try {
    return as('ts');
  } catch (error) {
    if (!(error instanceof CellSyntaxError) || !code.includes('<')) throw error;
    try {
      return as('tsx');
    } catch {
      throw error;
    }
  }
}

/** A position as it is without the parenthesis that was put in at an offset. */
function withoutParenthesis(position: Position, code: string, offset: number): Position {
  const { line, column } = positionAfter(code.slice(0, offset));
  const isBehind = position.line === line && position.column > column;
  return isBehind ? { line, column: position.column - 1 } : position;
}

/** V8 may refuse code that the parser lets pass: `super.x`, `delete x`. It tells the place by showing it. */
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
