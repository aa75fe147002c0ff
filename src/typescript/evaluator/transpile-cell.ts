/** TypeScript and JSX to the JavaScript that every supported Node runs, and syntax errors in the words of the parser. */
import { Buffer } from 'node:buffer';
import { transformSync, type TransformOptions } from 'oxc-transform';
import type { Position } from './compile-cell.js';

/** A syntax error and its place in the cell. */
export class CellSyntaxError extends SyntaxError {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.position = position;
  }
}
Object.defineProperty(CellSyntaxError.prototype, 'name', { value: 'SyntaxError' });

/** JavaScript, and the source map from it back to the cell. */
export interface Transpiled {
  readonly code: string;
  readonly map: object;
}

// The package declares a `const enum`, which `isolatedModules` cannot read: its value is the string.
const HELPERS_OF_GLOBAL = 'External' as unknown as NonNullable<NonNullable<TransformOptions['helpers']>['mode']>;

const OPTIONS: TransformOptions = {
  sourceType: 'module',
  // Newer syntax is lowered (`using`), everything that Node 20 runs is left as it was written.
  target: 'es2023',
  sourcemap: true,
  helpers: { mode: HELPERS_OF_GLOBAL },
  // A cell often imports what only a later cell uses.
  typescript: { onlyRemoveTypeImports: true },
  decorator: { legacy: true },
  jsx: { runtime: 'classic' },
};

/**
 * Transpiles a cell. `<T>x` is a type assertion where that parses, and JSX where it does not.
 * Throws a {@link CellSyntaxError}.
 */
export function transpileCell(code: string): Transpiled {
  const plain = transformSync('cell.ts', code, { ...OPTIONS, lang: 'ts' });
  if (plain.errors.length === 0) return withMap(plain);
  const jsx = code.includes('<') ? transformSync('cell.tsx', code, { ...OPTIONS, lang: 'tsx' }) : plain;
  if (jsx.errors.length === 0) return withMap(jsx);
  const [error] = plain.errors;
  const message = error?.message.replace(/^TS\(\d+\): /, '') ?? 'the cell does not parse';
  throw new CellSyntaxError(message, byteToPosition(code, error?.labels[0]?.start ?? 0));
}

function withMap(result: { readonly code: string; readonly map?: object }): Transpiled {
  return { code: result.code, map: result.map ?? {} };
}

/** The parser counts bytes of UTF-8. */
function byteToPosition(code: string, bytes: number): Position {
  const lines = Buffer.from(code).subarray(0, bytes).toString().split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
