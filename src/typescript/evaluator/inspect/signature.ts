/** The head of a function or class: its text up to the body. */
import { parseSync } from 'oxc-parser';
import { optionalChild, walk, type Node } from '../compile/syntax-tree.js';

/** Contexts that the text of a function may need to parse: an expression, a method of an object, or of a class. */
const WRAPPINGS = [
  ['(', ')'],
  ['({', '})'],
  ['(class {', '})'],
] as const;
/** An arrow function without braces is shown whole up to this length. */
const MAX_EXPRESSION = 200;
const BODIES = new Set(['FunctionBody', 'BlockStatement', 'ClassBody']);

/**
 * The signature in the text of a function or class, whatever braces stand in parameters, types, defaults, comments and strings; the
 * first line where the text is none, as that of native functions.
 */
export function signatureOf(source: string): string {
  for (const [before, after] of WRAPPINGS) {
    for (const sourceType of ['module', 'script'] as const) {
      const { program, errors } = parseSync('inspected.ts', `${before}${source}${after}`, { sourceType });
      if (errors.length > 0) continue;
      const end = headEnd(program as unknown as Node, before.length, before.length + source.length);
      if (end !== undefined) return source.slice(0, end - before.length).trim();
    }
  }
  const [first = ''] = source.split('\n', 1);
  return first;
}

/** The start of the body of the outermost function or class between these places. */
function headEnd(program: Node, start: number, end: number): number | undefined {
  for (const { node } of walk(program)) {
    const body = optionalChild(node, 'body');
    if (body === undefined || node.start < start || node.end > end) continue;
    if (BODIES.has(body.type)) return body.start;
    if (node.type === 'ArrowFunctionExpression') return body.end - body.start > MAX_EXPRESSION ? body.start : end;
  }
  return undefined;
}
