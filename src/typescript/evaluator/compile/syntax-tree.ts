/** The parts of an ESTree syntax tree that rewriting a cell looks at, and a walk over it. */

/** Any node; fields are looked up by name and checked where they are used. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Whether a value is a node of the tree. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The child of a node under a name that the grammar guarantees. */
export function child(node: Node, field: string): Node {
  return node[field] as Node;
}

/** The child under a name where the grammar allows none. */
export function optionalChild(node: Node, field: string): Node | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** The children under a name that the grammar guarantees to hold a list without gaps. */
export function children(node: Node, field: string): readonly Node[] {
  return node[field] as readonly Node[];
}

/** The name that a declaration of a function or class gives; undefined for one without a name. */
export function declarationName(declaration: Node): string | undefined {
  return optionalChild(declaration, 'id')?.['name'] as string | undefined;
}

/** An identifier's name, or the text of a string in its place. */
export function nameOf(node: Node): string {
  return (node['name'] ?? node['value']) as string;
}

/** The place of a node in the tree. */
export interface Surroundings {
  readonly parent: Node | undefined;
  /** Inside a function, a static block or a class field: not the cell's own statements. */
  readonly nested: boolean;
  /** The name under which the parent holds it. */
  readonly field: string;
}

const NESTING = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'StaticBlock',
  'PropertyDefinition',
  'AccessorProperty',
]);

/** Visits every node below `root`, outer ones first. */
export function walk(root: Node, visit: (node: Node, surroundings: Surroundings) => void): void {
  const stack: (Surroundings & { readonly node: Node })[] = [
    { node: root, parent: undefined, nested: false, field: '' },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    visit(next.node, next);
    const { node } = next;
    for (const field of Object.keys(node)) {
      const value = node[field];
      const found = Array.isArray(value) ? value : [value];
      for (let index = found.length - 1; index >= 0; index--) {
        const each: unknown = found[index];
        if (isNode(each))
          stack.push({ node: each, parent: node, nested: next.nested || NESTING.has(node.type), field });
      }
    }
  }
}

/** The names that a variable declaration binds. */
export function variableNames(declaration: Node): string[] {
  return children(declaration, 'declarations').flatMap((each) => boundNames(child(each, 'id')));
}

/** The names that a declared pattern binds: `a` and `c` of `{a, b: [c]}`. */
export function boundNames(pattern: Node): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern['name'] as string];
    case 'ObjectPattern':
      return children(pattern, 'properties').flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property : child(property, 'value')),
      );
    case 'ArrayPattern':
      return (pattern['elements'] as readonly unknown[]).filter(isNode).flatMap(boundNames);
    case 'RestElement':
      return boundNames(child(pattern, 'argument'));
    case 'AssignmentPattern':
      return boundNames(child(pattern, 'left'));
    default:
      return [];
  }
}
