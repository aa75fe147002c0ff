/** A cell's JavaScript as a syntax tree. */
import { parseSync } from 'oxc-parser';
import { children, type Node } from './syntax-tree.js';

/** JavaScript that has been parsed. */
export interface ParsedCell {
  readonly text: string;
  readonly program: Node;
}

/** Parses JavaScript; undefined where it is none. */
export function parseCell(code: string): ParsedCell | undefined {
  // Two line ends: the wrapper closes at the first, and functions are moved behind it.
  const text = `${code}\n\n`;
  const { program, errors } = parseSync('cell.js', text, { lang: 'js', sourceType: 'module' });
  return errors.length === 0 ? { text, program: program as unknown as Node } : undefined;
}

/** What TypeScript and JavaScript read differently, or what not every supported Node runs. */
const NEEDS_TRANSPILING = /[<@]|\b(?:using|accessor)\b/;

/** Parses a cell that is a single expression in plain JavaScript, as many are: it can be run as it was written. */
export function parsePlainExpression(code: string): ParsedCell | undefined {
  if (NEEDS_TRANSPILING.test(code)) return undefined;
  const parsed = parseCell(code);
  if (parsed === undefined) return undefined;
  const [only, ...others] = children(parsed.program, 'body');
  return only?.type === 'ExpressionStatement' && others.length === 0 ? parsed : undefined;
}
