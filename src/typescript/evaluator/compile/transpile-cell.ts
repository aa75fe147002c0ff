/** A cell's TypeScript or JSX as JavaScript. */
import { CellSyntaxError } from './cell-syntax-error.js';
import { noteDeclared, type KnownDecorators } from './decorator-kind.js';
import { parse, transpile, type Transpiled } from './transpile-code.js';

/** Types that tell what a function is as a decorator. */
const MAY_TELL = /\b(?:Property(?:Descriptor|Key)|TypedPropertyDescriptor|\w*Decorator(?:Context)?|string|symbol)\b/;

/**
 * Transpiles a cell. `<T>x` is a type assertion where that parses, and JSX where it does not. What it declares is added to
 * `known`, whose decorators it may use. Throws a {@link CellSyntaxError}.
 */
export function transpileCell(code: string, folder: string, known: KnownDecorators): Transpiled {
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
