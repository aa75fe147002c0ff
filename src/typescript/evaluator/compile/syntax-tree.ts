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

/** A node and its place in the tree. */
export interface Place {
  readonly node: Node;
  /** That of its parent. */
  readonly up: Place | undefined;
  /** The name under which the parent holds it. */
  readonly field: string;
  /** Inside a function, a static block or a class field: not the cell's own statements. */
  readonly nested: boolean;
}

const NESTING = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'StaticBlock',
  'PropertyDefinition',
  'AccessorProperty',
]);

/** Every node from `root` down, outer ones first. */
export function* walk(root: Node): Iterable<Place> {
  const stack: Place[] = [{ node: root, up: undefined, nested: false, field: '' }];
  for (let up = stack.pop(); up !== undefined; up = stack.pop()) {
    yield up;
    const { node } = up;
    const nested = up.nested || NESTING.has(node.type);
    for (const field of Object.keys(node)) {
      const value = node[field];
      const found: readonly unknown[] = Array.isArray(value) ? value : [value];
      for (let index = found.length - 1; index >= 0; index--) {
        const each = found[index];
        if (isNode(each)) stack.push({ node: each, up, nested, field });
      }
    }
  }
}

/** Whether a node from `root` down passes the test. */
export function hasNode(root: Node, test: (place: Place) => boolean): boolean {
  for (const place of walk(root)) if (test(place)) return true;
  return false;
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
