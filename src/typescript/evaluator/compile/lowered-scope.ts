/**
 * The names that lowering adds to a cell: functions that do the work of decorators, and variables of its own. As globals they would
 * be shared by all cells; as variables of the cell's function they would be out of reach for functions, which stay outside of it.
 * So each lowered cell has an object that holds them.
 */
import type { MagicString } from 'magic-string';
import { Script } from 'node:vm';
import { INTERNAL_URL } from '../internals.js';
import { RUNTIME } from './runtime-name.js';
import { declaredNames, topLevelReferences } from './syntax-scope.js';
import { children, declarationName, optionalChild, variableNames, type Node } from './syntax-tree.js';

/** The objects, by number. They live as long as the process: classes need them. */
export type Scopes = Record<number, object>;

/** Errors thrown by the helpers have no place of their own in stacks. */
const FILENAME = `${INTERNAL_URL}lowered-helpers.js`;

/**
 * Makes every name of a lowered cell that is not among `own` a member of a new object in `scopes`. Returns the statements that
 * declare nothing else.
 */
export function openScope(script: MagicString, program: Node, own: ReadonlySet<string>, scopes: Scopes): Set<Node> {
  const added = new Set([...declaredNames(program)].filter((name) => !own.has(name)));
  const declaring = children(program, 'body').filter((each) => isAdded(each, added));
  const helpers = declaring.filter(isHelper);
  const names = helpers.flatMap(declared);
  const text = helpers.map(({ start, end }) => script.original.slice(start, end)).join('\n');
  const number = Object.keys(scopes).length;
  scopes[number] = new Script(`"use strict"; (() => { ${text}\nreturn { ${names.join(', ')} }; })()`, {
    filename: FILENAME,
  }).runInThisContext() as object;
  const scope = `${RUNTIME}.scopes[${number}].`;
  const gone = declaring.filter((each) => isHelper(each) || isEmpty(each));
  for (const each of gone) script.remove(each.start, each.end);
  for (const each of declaring) {
    if (gone.includes(each)) continue;
    const inner = optionalChild(each, 'declaration') ?? each;
    if (inner.type === 'ClassDeclaration') {
      script.update(each.start, inner.start + 'class'.length, `${scope}${declared(each).join('')} = class`);
      script.prependLeft(inner.end, ';');
    } else {
      script.remove(each.start, (children(inner, 'declarations')[0] as Node).start);
    }
  }
  for (const { node } of topLevelReferences(program, added)) {
    if (!gone.some(({ start, end }) => node.start >= start && node.end <= end)) script.appendLeft(node.start, scope);
  }
  return new Set(declaring);
}

function declared(statement: Node): string[] {
  const inner = optionalChild(statement, 'declaration') ?? statement;
  if (inner.type === 'ClassDeclaration') return [declarationName(inner) as string];
  return inner.type === 'VariableDeclaration' ? variableNames(inner) : [];
}

function isAdded(statement: Node, added: ReadonlySet<string>): boolean {
  const names = declared(statement);
  return names.length > 0 && names.every((name) => added.has(name));
}

/** The transpiler's own functions begin with two underscores, and stand before the cell. */
function isHelper(statement: Node): boolean {
  return !isEmpty(statement) && declared(statement).every((name) => name.startsWith('__'));
}

function isEmpty(statement: Node): boolean {
  return (
    statement.type === 'VariableDeclaration' &&
    children(statement, 'declarations').every((each) => optionalChild(each, 'init') === undefined)
  );
}
