/** A cell's JavaScript as a syntax tree. */
import { parseSync } from 'oxc-parser';
import type { Node } from './syntax-tree.js';

/** JavaScript that has been parsed. */
export interface ParsedCell {
  readonly text: string;
  readonly program: Node;
}

/** Parses JavaScript; undefined where it is none. Code that `isWritten` by a person is also checked for names declared twice and the like. */
export function parseCell(code: string, isWritten = false): ParsedCell | undefined {
  // Two line ends: the wrapper closes at the first, and functions are moved behind it.
  const text = `${code}\n\n`;
  const { program, errors } = parseSync('cell.js', text, {
    lang: 'js',
    sourceType: 'module',
    showSemanticErrors: isWritten,
  });
  return errors.length === 0 ? { text, program: program as unknown as Node } : undefined;
}

/** Code that TypeScript and JavaScript read differently, or that not every supported Node runs. */
const NEEDS_TRANSPILING = /[<@]|\b(?:using|accessor)\b/;

/** Parses a cell in plain JavaScript: it can be run as it was written, and its functions keep their own text. */
export function parsePlain(code: string): ParsedCell | undefined {
  return NEEDS_TRANSPILING.test(code) ? undefined : parseCell(code, true);
}
