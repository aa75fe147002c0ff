/**
 * A cell's JavaScript as a script whose declarations outlive it.
 *
 * Top-level `const`, `let` and `class` become `var`, so that cells can be run again and functions of earlier cells see
 * later assignments: there is one global variable per name. A cell that awaits or imports becomes a script whose value is
 * an async function; its variables and functions stay outside of that function. Every await at the top level is guarded,
 * so that an interrupt can reject it: terminating V8 settles no promise.
 */
import { MagicString } from 'magic-string';
import { openScope, type Scopes } from './lowered-scope.js';
import { importedBindings, importText, loadsModule } from './rewrite-import.js';
import { RUNTIME } from './runtime-name.js';
import { topLevelReferences } from './syntax-scope.js';
import {
  boundNames,
  child,
  children,
  declarationName,
  hasNode,
  optionalChild,
  variableNames,
  walk,
  type Node,
} from './syntax-tree.js';
import type { LoweredCode } from './transpile-code.js';
import { CLOSING } from './written-text.js';

/** JavaScript that has been parsed. */
export interface ParsedCell {
  readonly text: string;
  readonly program: Node;
}

/** A cell ready to be compiled by V8. */
export interface RewrittenCell {
  readonly script: MagicString;
  /** Every name that the cell declares globally, but for those of imports. */
  readonly names: readonly string[];
  /** The script's value is an async function to call, which resolves to `[result]` or to nothing. */
  readonly isAsync: boolean;
  /** Whether the cell ends in an expression, whose value is its result. */
  readonly hasResult: boolean;
  /** Whether it imports by relative or absolute paths, statically or dynamically. */
  readonly importsFiles: boolean;
}

/** The options of rewriting a cell. */
export interface RewriteOptions {
  /** The execution's number, by which guards find their cell. */
  readonly cell: number;
  /** Compile awaits so that they restore the cell behind them; see `CellTracker.resume`. */
  readonly resume: boolean;
  /** The names that lowering adds to cells. */
  readonly scopes: Scopes;
  /** Present for a cell that was lowered. */
  readonly lowered: LoweredCode | undefined;
  /** Constants that are none in the cell's JavaScript. */
  readonly declaredConstants: ReadonlySet<string> | undefined;
}

interface Rewriter extends RewriteOptions {
  readonly script: MagicString;
  readonly isAsync: boolean;
  readonly names: Set<string>;
  /** The names of `const` and imports: assigning to them fails in the cell that declares them. */
  readonly constants: Set<string>;
  /** The imported names that the cell uses as values. */
  readonly used: ReadonlySet<string>;
  importsFiles: boolean;
  /** Whether anything is assigned to, other than by declarations. */
  assigns: boolean;
}

/** Rewrites a cell's JavaScript. */
export function rewriteCell({ text, program }: ParsedCell, options: RewriteOptions): RewrittenCell {
  const code = text.slice(0, -2);
  const body = children(program, 'body');
  const loading = body.filter(loadsModule);
  const isAsync = needsAsync(program, code);
  const script = new MagicString(text);
  const rewriter: Rewriter = {
    ...options,
    script,
    isAsync,
    names: new Set(),
    constants: new Set(options.declaredConstants),
    used: usedNames(program, loading),
    importsFiles: false,
    assigns: false,
  };
  const { names, constants, lowered } = rewriter;
  const added = lowered && openScope(script, program, lowered.names, options.scopes);

  const statements = body.filter((each) => added?.has(each) !== true);
  for (const each of statements) rewriteStatement(rewriter, each);
  rewriteInside(rewriter, program);
  if (rewriter.assigns) rewriteAssignments(script, program, constants);
  const last = body.findLast((each) => each.type !== 'EmptyStatement' && !isEmptyExport(each));
  // Lowered decorators end in an expression, which the cell did not.
  const hasResult = last !== undefined && lowered?.endsInExpression !== false && markResult(rewriter, last);

  if (isAsync) {
    const functions = statements
      .map((each) => optionalChild(each, 'declaration') ?? each)
      .filter((each) => each.type === 'FunctionDeclaration' && declarationName(each) !== undefined);
    const variables = [...names].filter((name) => !functions.some((each) => declarationName(each) === name));
    const leading = loading.filter((each, at) => body[at] === each);
    for (const each of loading.slice(leading.length)) script.move(each.start, each.end, leading.at(-1)?.end ?? 0);
    script.prepend(`${variables.length === 0 ? '' : `var ${variables.join(', ')}; `}(async () => {`);
    script.update(text.length - 2, text.length - 1, '\n});');
    for (const each of functions) script.move(each.start, each.end, text.length - 1);
  }
  script.prepend('"use strict"; ');
  return { script, names: [...names], isAsync, hasResult, importsFiles: rewriter.importsFiles };
}

/** Whether a statement is a rest of imports or exports of types. */
function isEmptyExport(statement: Node): boolean {
  return (
    statement.type === 'ExportNamedDeclaration' &&
    optionalChild(statement, 'declaration') === undefined &&
    children(statement, 'specifiers').length === 0 &&
    !loadsModule(statement)
  );
}

/** The imported names that the cell uses as values: no types are left by now. */
function usedNames(program: Node, loading: readonly Node[]): Set<string> {
  const names = new Set(loading.flatMap(importedBindings).map(({ local }) => local));
  if (names.size === 0) return names;
  return new Set(topLevelReferences(program, names).map(({ node }) => node['name'] as string));
}

/** Makes assignments to constants of the cell fail at run time, at whatever depth. */
function rewriteAssignments(script: MagicString, program: Node, constants: ReadonlySet<string>): void {
  if (constants.size === 0) return;
  for (const { node, isTarget, isShorthand } of topLevelReferences(program, constants)) {
    if (!isTarget) continue;
    const key = isShorthand ? `${String(node['name'])}: ` : '';
    script.appendLeft(node.start, `${key}${RUNTIME}.constant.`);
  }
}

function needsAsync(program: Node, code: string): boolean {
  // `using` was lowered to it: its variable must not become global.
  if (code.includes('_usingCtx')) return true;
  return hasNode(
    program,
    ({ node, nested }) => !nested && (node.type === 'AwaitExpression' || isForAwait(node) || loadsModule(node)),
  );
}

function isForAwait(node: Node): boolean {
  return node.type === 'ForOfStatement' && node['await'] === true;
}

/** Makes a top-level statement's declarations global. */
function rewriteStatement(rewriter: Rewriter, statement: Node): void {
  const { script, names, constants } = rewriter;
  const { type, start, end } = statement;
  if (loadsModule(statement)) {
    for (const { local } of importedBindings(statement)) constants.add(local);
    script.update(start, end, importText(statement, guardText(rewriter, statement), rewriter.used));
    return;
  }
  if (/^Export(?:Named|Default)Declaration$/.test(type)) return rewriteExport(rewriter, statement);
  if (type === 'VariableDeclaration') return rewriteVariables(rewriter, statement, false);
  const name = /^(?:Class|Function)Declaration$/.test(type) ? declarationName(statement) : undefined;
  if (name === undefined) return;
  names.add(name);
  if (type === 'FunctionDeclaration') return;
  script.appendLeft(start, `${rewriter.isAsync ? '' : 'var '}${name} = `);
  script.prependLeft(end, ';');
}

function rewriteExport(rewriter: Rewriter, statement: Node): void {
  const { script } = rewriter;
  const declaration = optionalChild(statement, 'declaration');
  if (declaration === undefined) {
    script.update(statement.start, statement.end, ';');
    return;
  }
  script.remove(statement.start, declaration.start);
  const isNamed = declarationName(declaration) !== undefined || declaration.type === 'VariableDeclaration';
  if (isNamed) return rewriteStatement(rewriter, declaration);
  // `export default` of something nameless: an expression like any other.
  script.appendLeft(declaration.start, '(');
  script.prependLeft(declaration.end, ')');
}

/** `const a = 1, {b} = c` as `var …`, or, within the async function, as assignments to variables outside of it. */
function rewriteVariables(
  { script, isAsync, names, constants }: Rewriter,
  declaration: Node,
  inForHead: boolean,
): void {
  const declarators = children(declaration, 'declarations');
  const [first] = declarators;
  if (first === undefined || isDisposer(first)) return;
  if (isAsync) script.remove(declaration.start, first.start);
  else script.update(declaration.start, first.start, 'var ');
  for (const each of declarators) {
    const pattern = child(each, 'id');
    for (const name of boundNames(pattern)) {
      names.add(name);
      if (declaration['kind'] === 'const') constants.add(name);
    }
    const hasValue = optionalChild(each, 'init') !== undefined;
    const merged = enumArgument(each);
    // An enum extends what its cell has declared of it, not what an earlier cell did.
    if (merged !== undefined) script.update(merged.start, merged.end, '{}');
    if (isAsync && hasValue && pattern.type !== 'Identifier') {
      script.appendLeft(each.start, '(');
      script.prependLeft(each.end, ')');
    }
    // `let x;` run again is undefined again, which `var x;` is not.
    if (!hasValue && !inForHead && declaration['kind'] !== 'var') script.prependLeft(each.end, ' = void 0');
  }
}

/** Whether `using` was lowered to this declarator: it belongs to the cell's own function. */
function isDisposer(declarator: Node): boolean {
  const id = child(declarator, 'id');
  return id.type === 'Identifier' && /^_usingCtx\d*$/.test(id['name'] as string);
}

/** `E || {}` of `E = function (E) {…}(E || {})`, which the first `enum E` of a cell is transpiled to. */
function enumArgument(declarator: Node): Node | undefined {
  const call = optionalChild(declarator, 'init');
  if (call?.type !== 'CallExpression' || child(call, 'callee').type !== 'FunctionExpression') return undefined;
  const [argument] = children(call, 'arguments');
  const left = argument?.type === 'LogicalExpression' ? child(argument, 'left') : undefined;
  const isOwn = left !== undefined && left['name'] === child(declarator, 'id')['name'];
  return isOwn && left.type === 'Identifier' ? argument : undefined;
}

/** Rewrites code at any depth: nested `var`, awaits, `import.meta`. */
function rewriteInside(rewriter: Rewriter, program: Node): void {
  const { script, isAsync, names, cell, resume } = rewriter;
  for (const { node, up, nested, field } of walk(program)) {
    const parent = up?.node;
    rewriter.assigns ||= /^(?:Assignment|Update)Expression$|^For(?:In|Of)Statement$/.test(node.type);
    const source = optionalChild(node, 'source');
    if (source !== undefined) rewriter.importsFiles ||= importsFile(source);
    if (node.type === 'VariableDeclaration' && node['kind'] === 'var' && !nested && isBelowStatement(parent)) {
      if (isAsync) rewriteVariables(rewriter, node, parent?.type.startsWith('For') === true && field !== 'body');
      else for (const name of variableNames(node)) names.add(name);
    } else if (node.type === 'MetaProperty' && child(node, 'meta')['name'] === 'import') {
      script.update(node.start, node.end, `${RUNTIME}.meta`);
    } else if (node.type === 'ImportExpression') {
      surround(script, child(node, 'source'), `${RUNTIME}.fresh(`);
    } else if (node.type === 'AwaitExpression') {
      if (resume) surround(script, node, `${RUNTIME}.resume(${RUNTIME}.current(), `);
      if (!nested) surround(script, child(node, 'argument'), `${RUNTIME}.guard(${cell}, ${node.start}, `);
    } else if (isForAwait(node) && !nested) {
      surround(script, child(node, 'right'), `${RUNTIME}.guardEach(${cell}, ${node.start}, `);
    }
  }
}

/** Whether a specifier is a path, or is not known before the cell runs. */
function importsFile({ value }: Node): boolean {
  return typeof value !== 'string' || /^(\.{0,2}\/|file:)/.test(value);
}

function isBelowStatement(parent: Node | undefined): boolean {
  return parent !== undefined && parent.type !== 'Program' && parent.type !== 'ExportNamedDeclaration';
}

function guardText({ cell, resume }: Rewriter, { start }: Node): (awaited: string) => string {
  const guarded = (awaited: string): string => `await ${RUNTIME}.guard(${cell}, ${start}, ${awaited})`;
  return resume ? (awaited) => `${RUNTIME}.resume(${cell}, ${guarded(awaited)})` : guarded;
}

/** Outer nodes come first: what is opened later at the same place opens inside, and closes before. */
function surround(script: MagicString, node: Node, opening: string): void {
  script.appendLeft(node.start, opening);
  script.prependLeft(node.end, CLOSING);
}

/** Makes the value of a cell's last expression its result. Returns whether the cell ends in one. */
function markResult(rewriter: Rewriter, last: Node): boolean {
  const { script, isAsync } = rewriter;
  if (last.type === 'TryStatement' && isAsync && optionalChild(last, 'finalizer') !== undefined) {
    const inner = children(child(last, 'block'), 'body').findLast((each) => each.type !== 'EmptyStatement');
    return script.original.includes('_usingCtx') && inner !== undefined && markResult(rewriter, inner);
  }
  const isStatement = last.type === 'ExpressionStatement';
  if (!isStatement && last.type !== 'ExportDefaultDeclaration') return false;
  const expression = child(last, isStatement ? 'expression' : 'declaration');
  if (expression.type.endsWith('Declaration') && declarationName(expression) !== undefined) return false;
  if (isAsync) {
    // In a list: a promise as the result is shown as one, not awaited.
    script.prependLeft(isStatement ? last.start : expression.start, 'return [');
    script.appendLeft(expression.end, ']');
  }
  return true;
}
