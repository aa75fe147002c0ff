/**
 * Whether a program's decorators are those of TC39 or those of TypeScript's `experimentalDecorators`. The two are called with
 * different arguments, so that the wrong kind gives wrong values. The settings decide. Without any, decorators are TC39's, unless
 * the program can only be meant the other way.
 */
import { createRequire } from 'node:module';
import { declaredNames } from './syntax-scope.js';
import { child, children, nameOf, optionalChild, walk, type Node } from './syntax-tree.js';

/** The compiler options that decide what decorators mean. */
export interface DecoratorSettings {
  /** `experimentalDecorators`; undefined where no configuration has it. */
  readonly experimental: boolean | undefined;
  /** `emitDecoratorMetadata`. */
  readonly metadata: boolean;
}

/**
 * The settings of the nearest tsconfig.json in `folder` or above, with the configurations that it extends. It is read at every call: it may
 * have been edited. Throws a `SyntaxError` that names a configuration which cannot be read.
 */
export function decoratorSettings(folder: string): DecoratorSettings {
  // Loaded for code that has decorators: most never has.
  const { getTsconfig } = createRequire(import.meta.url)('get-tsconfig') as typeof import('get-tsconfig');
  try {
    const options = getTsconfig(folder)?.config.compilerOptions;
    return { experimental: options?.experimentalDecorators, metadata: options?.emitDecoratorMetadata === true };
  } catch (cause) {
    throw new SyntaxError(`The tsconfig.json of ${folder} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** How decorators are called: `(value, context)`, or `(target, key, descriptor)`. */
export type DecoratorKind = 'standard' | 'legacy';

/** `either` where the declaration does not tell. */
type DeclaredKind = DecoratorKind | 'either';

/** The kinds of the declarations of cells, by their use: `name`, or `name()` for the decorator that it returns. */
export type KnownDecorators = Map<string, DeclaredKind>;

const LEGACY_TYPES = /^(?:Typed)?PropertyDescriptor$|^(?:Class|Property|Method|Parameter)Decorator$/;
const STANDARD_TYPES = /^(?:Class\w*)?DecoratorContext$|^Class(?:Method|Getter|Setter|Field|Accessor)DecoratorContext$/;

/**
 * The kind for a TypeScript program that has decorators. `known` has the kinds of decorators that earlier cells declared.
 * Throws a `SyntaxError` where decorators of both kinds, or of unknown kind beside legacy ones, are used in one program.
 */
export function decoratorKind(program: Node, settings: DecoratorSettings, known: KnownDecorators): DecoratorKind {
  if (settings.experimental !== undefined) return settings.experimental ? 'legacy' : 'standard';
  const declared = new Map(declaredKinds(program));
  const kinds = new Map<string, DeclaredKind | 'unknown'>();
  let onParameter = false;
  for (const { node, up, field } of walk(program)) {
    if (node.type !== 'Decorator' || field !== 'decorators') continue;
    onParameter ||= !/^(?:Class|MethodDefinition|PropertyDefinition|AccessorProperty|TSAbstract)/.test(
      up?.node.type ?? '',
    );
    const use = useOf(child(node, 'expression'));
    kinds.set(use, declared.get(use) ?? known.get(use) ?? 'unknown');
  }
  const named = (kind: string): string[] => [...kinds].filter(([, each]) => each === kind).map(([name]) => `@${name}`);
  // TC39 has no decorators of parameters: there, one of unknown kind can only be an older one.
  const legacy = onParameter ? 'a decorated parameter' : named('legacy')[0];
  if (legacy === undefined) return 'standard';
  const [other] = onParameter ? named('standard') : [...named('standard'), ...named('unknown')];
  if (other === undefined) return 'legacy';
  throw new SyntaxError(
    `${legacy} is as \`experimentalDecorators\` has it, and ${other} may not be: write "experimentalDecorators" true or false in the compilerOptions of a tsconfig.json.`,
  );
}

/** Notes the declarations of a program, which later programs may use as decorators. */
export function noteDeclared(program: Node, known: KnownDecorators): void {
  for (const name of declaredNames(program)) {
    known.delete(name);
    known.delete(`${name}()`);
  }
  for (const [use, kind] of declaredKinds(program)) known.set(use, kind);
}

function declaredKinds(program: Node): [use: string, kind: DeclaredKind][] {
  return children(program, 'body').flatMap((statement) => {
    const declaration = optionalChild(statement, 'declaration') ?? statement;
    if (declaration.type === 'FunctionDeclaration') return kindsOf(declaration, declaration);
    if (declaration.type === 'ClassDeclaration') return kindsOf(declaration);
    if (declaration.type !== 'VariableDeclaration') return [];
    return children(declaration, 'declarations').flatMap((each) => {
      const init = optionalChild(each, 'init');
      return kindsOf(each, init && isFunction(init) ? init : undefined);
    });
  });
}

/** The kinds of a declared name and of what it returns: by its function `fn`, and by the declared type of a variable. */
function kindsOf(declaration: Node, fn?: Node): [use: string, kind: DeclaredKind][] {
  const id = optionalChild(declaration, 'id');
  if (id?.type !== 'Identifier') return [];
  const type = optionalChild(id, 'typeAnnotation');
  const returnType = fn && optionalChild(fn, 'returnType');
  const ofType = type && kindByTypes(type);
  const direct = ofType ?? (fn && kindOfFunction(fn));
  const functions = fn === undefined ? [] : returnedFunctions(fn);
  const returned = ofType ?? (returnType && kindByTypes(returnType)) ?? firstKind(functions, kindOfFunction);
  return [
    [nameOf(id), direct ?? 'either'],
    [`${nameOf(id)}()`, returned ?? 'either'],
  ];
}

/** The text of a decorator, so far as it can be looked up: `name`, or `name()`, whose result is the decorator. */
function useOf(expression: Node): string {
  switch (expression.type) {
    case 'Identifier':
      return nameOf(expression);
    case 'CallExpression':
      return `${useOf(child(expression, 'callee'))}()`;
    case 'ParenthesizedExpression':
      return useOf(child(expression, 'expression'));
    case 'MemberExpression':
      return `${useOf(child(expression, 'object'))}.…`;
    default:
      return '(…)';
  }
}

function firstKind(
  nodes: readonly Node[],
  kindOf: (node: Node) => DecoratorKind | undefined,
): DecoratorKind | undefined {
  return nodes.map(kindOf).find((kind) => kind !== undefined);
}

function kindOfFunction(fn: Node): DecoratorKind | undefined {
  const parameters = children(fn, 'params');
  return firstKind(parameters, kindByTypes) ?? (parameters.length === 3 || isKey(parameters[1]) ? 'legacy' : undefined);
}

/** Whether a parameter is declared as a member's name, where TC39 has the context. */
function isKey(parameter: Node | undefined): boolean {
  const annotation = parameter && optionalChild(parameter, 'typeAnnotation');
  const type = annotation && optionalChild(annotation, 'typeAnnotation');
  const types = type?.type === 'TSUnionType' ? children(type, 'types') : type === undefined ? [] : [type];
  return types.some((each) => /^TS(?:String|Symbol)Keyword$/.test(each.type) || typeName(each) === 'PropertyKey');
}

function typeName(node: Node): string {
  return node.type === 'TSTypeReference' ? String(child(node, 'typeName')['name']) : '';
}

/** By the names of the types that stand in a signature. */
function kindByTypes(root: Node): DecoratorKind | undefined {
  for (const { node, nested } of walk(root)) {
    const name = nested ? '' : typeName(node);
    if (STANDARD_TYPES.test(name)) return 'standard';
    if (LEGACY_TYPES.test(name)) return 'legacy';
  }
  return undefined;
}

function returnedFunctions(fn: Node): Node[] {
  const body = child(fn, 'body');
  const returned = isFunction(unwrapped(body))
    ? [body]
    : [...walk(body)].map(({ node, nested }) =>
        node.type === 'ReturnStatement' && !nested ? optionalChild(node, 'argument') : undefined,
      );
  return returned
    .filter((each) => each !== undefined)
    .map(unwrapped)
    .filter(isFunction);
}

function unwrapped(node: Node): Node {
  return node.type === 'ParenthesizedExpression' ? unwrapped(child(node, 'expression')) : node;
}

function isFunction({ type }: Node): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression';
}
