/** The names that a program declares at its top level, and the references to them. */
import {
  boundNames,
  child,
  children,
  declarationName,
  nameOf,
  optionalChild,
  variableNames,
  walk,
  type Node,
  type Place,
} from './syntax-tree.js';

/** An identifier that means a name of the top level. */
export interface Reference {
  readonly node: Node;
  /** Whether it stands for a key and a value at once, as in `{ name }`. */
  readonly isShorthand: boolean;
  /** Whether something is assigned to it, other than by its declaration. */
  readonly isTarget: boolean;
}

/** The names that a JavaScript program declares at its top level: imports, and `var` in its blocks too. */
export function declaredNames(program: Node): Set<string> {
  const names = children(program, 'body').flatMap((statement) =>
    statement.type === 'ImportDeclaration'
      ? children(statement, 'specifiers').map((each) => nameOf(child(each, 'local')))
      : lexicalNames(optionalChild(statement, 'declaration') ?? statement),
  );
  return new Set([...names, ...varNames(program)]);
}

/** Every identifier that means one of `names` of the program's top level, in the order of the text. */
export function topLevelReferences(program: Node, names: ReadonlySet<string>): Reference[] {
  const scopes = new Map<Node, ReadonlySet<string>>();
  const isDeclaredIn = ({ node }: Place, name: string): boolean => {
    const declared = scopes.get(node) ?? new Set(scopeNames(node));
    scopes.set(node, declared);
    return declared.has(name);
  };
  const found: Reference[] = [];
  for (const place of walk(program)) {
    const { node, up, field } = place;
    const name = node['name'] as string;
    if (node.type !== 'Identifier' || up === undefined || !names.has(name) || isLabel(up.node, field)) continue;
    let scope: Place | undefined = up;
    while (scope !== undefined && !isDeclaredIn(scope, name)) scope = scope.up;
    if (scope === undefined) found.push({ node, isTarget: isAssigned(place), isShorthand: isShorthand(up) });
  }
  return found.toSorted((a, b) => a.node.start - b.node.start);
}

function isShorthand(parent: Place): boolean {
  const property = parent.node.type === 'AssignmentPattern' ? parent.up?.node : parent.node;
  return property?.type === 'Property' && property['shorthand'] === true;
}

/** Whether a field holds a name of another kind: of a member, a label, an export. */
function isLabel(node: Node, field: string): boolean {
  switch (node.type) {
    case 'MemberExpression':
      return field === 'property' && node['computed'] !== true;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return field === 'key' && node['computed'] !== true;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return field === 'label';
    default:
      return /^(?:MetaProperty|Import(?:\w*Specifier|Attribute)|Export(?:Specifier|AllDeclaration))$/.test(node.type);
  }
}

function isAssigned({ up, field }: Place): boolean {
  switch (up?.node.type) {
    case undefined:
      return false;
    case 'AssignmentExpression':
    case 'ForInStatement':
    case 'ForOfStatement':
      return field === 'left';
    case 'UpdateExpression':
      return true;
    case 'AssignmentPattern':
      return field === 'left' && isAssigned(up);
    case 'Property':
      return field === 'value' && isAssigned(up);
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'RestElement':
    case 'ParenthesizedExpression':
      return isAssigned(up);
    default:
      return false;
  }
}

/** The names that a node declares for its inside. */
function scopeNames(node: Node): string[] {
  switch (node.type) {
    case 'FunctionExpression':
    case 'FunctionDeclaration':
    case 'ArrowFunctionExpression': {
      const own = node.type === 'FunctionExpression' ? ownName(node) : [];
      return [...own, ...children(node, 'params').flatMap(boundNames), ...varNames(child(node, 'body'))];
    }
    case 'ClassExpression':
    case 'ClassDeclaration':
      return ownName(node);
    case 'StaticBlock':
      return [...children(node, 'body').flatMap(lexicalNames), ...varNames(node)];
    case 'BlockStatement':
      return children(node, 'body').flatMap(lexicalNames);
    case 'SwitchStatement':
      return children(node, 'cases').flatMap((each) => children(each, 'consequent').flatMap(lexicalNames));
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement': {
      const head = optionalChild(node, node.type === 'ForStatement' ? 'init' : 'left');
      return head?.['kind'] === 'var' || head === undefined ? [] : lexicalNames(head);
    }
    case 'CatchClause': {
      const parameter = optionalChild(node, 'param');
      return parameter === undefined ? [] : boundNames(parameter);
    }
    default:
      return [];
  }
}

function ownName(node: Node): string[] {
  const name = declarationName(node);
  return name === undefined ? [] : [name];
}

/** The names that a statement itself declares; `var` belongs to the function around it. */
function lexicalNames(statement: Node): string[] {
  if (statement.type === 'VariableDeclaration') {
    return statement['kind'] === 'var' ? [] : variableNames(statement);
  }
  return /^(?:Function|Class)Declaration$/.test(statement.type) ? ownName(statement) : [];
}

function varNames(root: Node): string[] {
  return [...walk(root)].flatMap(({ node, nested }) =>
    node.type === 'VariableDeclaration' && node['kind'] === 'var' && !nested ? variableNames(node) : [],
  );
}
