import { child, children, optionalChild, type Node } from './syntax-tree.js';

/** `E || {}` of `E = function (E) {…}(E || {})`, which is what the first `enum E` of a cell becomes. */
export function enumArgument(declarator: Node): Node | undefined {
  const call = optionalChild(declarator, 'init');
  if (call?.type !== 'CallExpression' || child(call, 'callee').type !== 'FunctionExpression') return undefined;
  const [argument] = children(call, 'arguments');
  const left = argument?.type === 'LogicalExpression' ? child(argument, 'left') : undefined;
  const isOwn = left !== undefined && left['name'] === child(declarator, 'id')['name'];
  return isOwn && left.type === 'Identifier' ? argument : undefined;
}
