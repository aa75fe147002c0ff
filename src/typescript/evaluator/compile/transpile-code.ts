/**
 * TypeScript and JSX as the JavaScript that every supported Node runs. Cells and imported files go through the same steps with the
 * same settings, so that what works in one works in the other.
 */
import { Buffer } from 'node:buffer';
import { parseSync } from 'oxc-parser';
import { transformSync, type TransformOptions } from 'oxc-transform';
import { CellSyntaxError } from './cell-syntax-error.js';
import { positionAfter, trace, type Position } from './source-maps.js';
import { decoratorKind, decoratorSettings, type KnownDecorators } from './decorator-kind.js';
import { lowerSyntax, type TypesOptions } from './lower-syntax.js';
import { declaredNames } from './syntax-scope.js';
import { children, hasNode, optionalChild, variableNames, type Node } from './syntax-tree.js';

/** A program to transpile, and its surroundings. */
export interface Source {
  readonly code: string;
  readonly lang: 'ts' | 'tsx';
  /** The folder whose tsconfig.json counts. */
  readonly folder: string;
  /** Cells keep imports that they do not use: a later cell may. */
  readonly isCell: boolean;
  readonly format: 'esm' | 'cjs';
  /** The decorators that earlier cells have declared. */
  readonly known: KnownDecorators;
}

/** Facts about lowered code that its text does not tell. */
export interface LoweredCode {
  /** The names that the source declares; those that lowering added are not among them. */
  readonly names: ReadonlySet<string>;
  readonly endsInExpression: boolean;
}

/** JavaScript, and the source maps from it back to its source, to be applied in their order. */
export interface Transpiled {
  readonly code: string;
  readonly maps: readonly object[];
  readonly lowered?: LoweredCode;
  /** The names that the source declares as constants, where its JavaScript no longer tells. */
  readonly constants?: ReadonlySet<string>;
}

// The package declares a `const enum`, which `isolatedModules` cannot read: its value is the string.
const HELPERS_OF_GLOBAL = 'External' as unknown as NonNullable<NonNullable<TransformOptions['helpers']>['mode']>;

const OPTIONS: TransformOptions = {
  sourceType: 'module',
  // Newer syntax is lowered (`using`), everything that Node 20 runs is left as it was written.
  target: 'es2023',
  sourcemap: true,
  helpers: { mode: HELPERS_OF_GLOBAL },
  jsx: { runtime: 'classic' },
};

/** Loads the parser and the transpiler, which is done when they are first used: cells may replace what their loading needs. */
export function loadTranspiler(): void {
  parseSync('empty.js', '');
  transformSync('empty.js', '');
}

/** Transpiles a program. Throws a {@link CellSyntaxError} with its place. */
export function transpile(source: Source): Transpiled {
  const { code, lang, isCell, format } = source;
  const constants = /\busing\b/.test(code) ? constantNames(parse(code, lang)) : undefined;
  const decorators = decoratorsOf(source);
  const { errors, ...first } = transformSync(`code.${lang}`, code, {
    ...OPTIONS,
    lang,
    typescript: { onlyRemoveTypeImports: isCell },
    decorator: { legacy: decorators?.kind === 'legacy', emitDecoratorMetadata: decorators?.metadata === true },
  });
  const [error] = errors;
  if (error?.message.startsWith('Namespaces exporting non-const') === true && decorators === undefined) {
    return lower({ code, maps: [] }, format, { lang, keepsImports: isCell });
  }
  if (error !== undefined)
    throw new CellSyntaxError(
      error.message.replace(/^TS\(\d+\): /, ''),
      byteToPosition(code, error.labels[0]?.start ?? 0),
    );
  const transpiled: Transpiled = { code: first.code, maps: [first.map ?? {}], ...(constants && { constants }) };
  if (decorators === undefined && !mayNeedLowering(transpiled.code, format)) return transpiled;
  const program = parse(transpiled.code, 'js');
  const isLowered = needsLowering(program, format);
  if (decorators === undefined && !isLowered) return transpiled;
  return {
    ...(isLowered ? lower(transpiled, format) : transpiled),
    lowered: {
      names: declaredNames(program),
      endsInExpression: decorators?.endsInExpression ?? endsInExpression(program),
    },
  };
}

function lower(transpiled: Transpiled, format: Source['format'], types?: TypesOptions): Transpiled {
  try {
    const { code, map } = lowerSyntax(transpiled.code, format, types);
    return { ...transpiled, code, maps: [map, ...transpiled.maps] };
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    throw new CellSyntaxError(error.message, trace(transpiled.maps, error.position) ?? { line: 1, column: 1 });
  }
}

/** Undefined for a program without decorators. */
function decoratorsOf({ code, lang, folder, known }: Source) {
  if (!code.includes('@')) return undefined;
  const program = parse(code, lang);
  if (!hasNode(program, ({ node }) => node.type === 'Decorator')) return undefined;
  const settings = decoratorSettings(folder);
  return {
    kind: decoratorKind(program, settings, known),
    metadata: settings.metadata,
    endsInExpression: endsInExpression(program),
  };
}

/** `using` makes variables of the constants beside it. */
function constantNames(program: Node): Set<string> {
  const constant = children(program, 'body')
    .map((each) => optionalChild(each, 'declaration') ?? each)
    .filter(({ type, kind }) => type === 'VariableDeclaration' && /^(?:const|(?:await )?using)$/.test(String(kind)));
  return new Set(constant.flatMap(variableNames));
}

/** Statements of types alone do not count. */
function endsInExpression(program: Node): boolean {
  const last = children(program, 'body').findLast(
    (each) => !/^(?:EmptyStatement|TS\w+|ImportDeclaration)$/.test(each.type),
  );
  return last?.type === 'ExpressionStatement' || last?.type === 'ExportDefaultDeclaration';
}

function mayNeedLowering(code: string, format: Source['format']): boolean {
  return code.includes('@') || /\baccessor\b/.test(code) || (format === 'cjs' && /\b(?:import|export)\b/.test(code));
}

function needsLowering(program: Node, format: Source['format']): boolean {
  const lowered =
    format === 'cjs'
      ? /^(?:Decorator|AccessorProperty|(?:Im|Ex)port\w*Declaration)$/
      : /^(?:Decorator|AccessorProperty)$/;
  return hasNode(program, ({ node }) => lowered.test(node.type));
}

/** Parses a program whose errors the transpiler reports. */
export function parse(code: string, lang: 'ts' | 'tsx' | 'js'): Node {
  return parseSync(`code.${lang}`, code, { lang, sourceType: 'module' }).program as unknown as Node;
}

/** The parser counts bytes of UTF-8. */
function byteToPosition(code: string, bytes: number): Position {
  return positionAfter(Buffer.from(code).subarray(0, bytes).toString());
}
