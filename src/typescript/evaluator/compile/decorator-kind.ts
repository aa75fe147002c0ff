/**
 * Whether a program's decorators are those of TC39 or those of TypeScript's `experimentalDecorators`. The two are called with
 * different arguments, so that the wrong kind gives wrong values. The settings decide. Without any, decorators are TC39's, unless
 * the program can only be meant the other way.
 */
import { createRequire } from 'node:module';
import { declaredNames } from './syntax-scope.js';
import { child, children, declarationName, isNode, optionalChild, walk, type Node } from './syntax-tree.js';

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
  const declared = declarations(program);
  const kinds = new Map<string, DeclaredKind | 'unknown'>();
  let onParameter = false;
  walk(program, (node, { parent, field }) => {
    if (node.type !== 'Decorator' || field !== 'decorators') return;
    onParameter ||=
      parent !== undefined &&
      !/^(?:Class|MethodDefinition|PropertyDefinition|AccessorProperty|TSAbstract)/.test(parent.type);
    const { name, isCalled } = decoratorName(child(node, 'expression'));
    const own = declared.get(name);
    const text = isCalled ? `${name}()` : name;
    kinds.set(text, own === undefined ? (known.get(text) ?? 'unknown') : kindOf(own, isCalled));
  });
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
  for (const [name, declaration] of declarations(program)) {
    known.set(name, kindOf(declaration, false));
    known.set(`${name}()`, kindOf(declaration, true));
  }
}

interface Declaration {
  readonly fn: Node | undefined;
  /** The declared type of a variable. */
  readonly type: Node | undefined;
}

function declarations(program: Node): Map<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const statement of children(program, 'body')) {
    const declaration = optionalChild(statement, 'declaration') ?? statement;
    if (declaration.type === 'FunctionDeclaration') {
      const name = declarationName(declaration);
      if (name !== undefined) found.set(name, { fn: declaration, type: undefined });
    } else if (declaration.type === 'VariableDeclaration') {
      for (const each of children(declaration, 'declarations')) {
        const id = child(each, 'id');
        const init = optionalChild(each, 'init');
        if (id.type !== 'Identifier') continue;
        found.set(id['name'] as string, {
          fn: init !== undefined && isFunction(init) ? init : undefined,
          type: optionalChild(id, 'typeAnnotation'),
        });
      }
    } else if (declaration.type === 'ClassDeclaration') {
      const name = declarationName(declaration);
      if (name !== undefined) found.set(name, { fn: undefined, type: undefined });
    }
  }
  return found;
}

/** `@name`, or `@name(…)`, whose result is the decorator. Of `@lib.name` the name is the whole text's first. */
function decoratorName(expression: Node): { readonly name: string; readonly isCalled: boolean } {
  if (expression.type === 'CallExpression')
    return { name: decoratorName(child(expression, 'callee')).name, isCalled: true };
  if (expression.type === 'ParenthesizedExpression') return decoratorName(child(expression, 'expression'));
  if (expression.type === 'Identifier') return { name: expression['name'] as string, isCalled: false };
  const name = expression.type === 'MemberExpression' ? `${decoratorName(child(expression, 'object')).name}.…` : '(…)';
  return { name, isCalled: false };
}

function kindOf({ fn, type }: Declaration, isCalled: boolean): DeclaredKind {
  const types = [type, fn && isCalled ? optionalChild(fn, 'returnType') : undefined].filter(
    (each) => each !== undefined,
  );
  const functions = fn === undefined ? [] : isCalled ? returnedFunctions(fn) : [fn];
  const found = [...types.map(kindByTypes), ...functions.map(kindOfFunction)];
  return found.find((each) => each !== undefined) ?? 'either';
}

function kindOfFunction(fn: Node): DecoratorKind | undefined {
  const parameters = children(fn, 'params');
  for (const each of parameters) {
    const kind = kindByTypes(each);
    if (kind !== undefined) return kind;
  }
  return parameters.length === 3 || isKey(parameters[1]) ? 'legacy' : undefined;
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
  let kind: DecoratorKind | undefined;
  walk(root, (node, { nested }) => {
    const name = nested ? '' : typeName(node);
    if (STANDARD_TYPES.test(name)) kind ??= 'standard';
    if (LEGACY_TYPES.test(name)) kind ??= 'legacy';
  });
  return kind;
}

function returnedFunctions(fn: Node): Node[] {
  const body = child(fn, 'body');
  if (isFunction(unwrapped(body))) return [unwrapped(body)];
  const found: Node[] = [];
  walk(body, (node, { nested }) => {
    const value = node.type === 'ReturnStatement' && !nested ? optionalChild(node, 'argument') : undefined;
    if (value !== undefined && isFunction(unwrapped(value))) found.push(unwrapped(value));
  });
  return found;
}

function unwrapped(node: Node): Node {
  const inner = node['expression'];
  return node.type === 'ParenthesizedExpression' && isNode(inner) ? unwrapped(inner) : node;
}

function isFunction({ type }: Node): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression';
}
