/** The lines of a cell around a place in it, with a caret below the column. */
import type { Position } from '../compile/source-maps.js';

const CONTEXT = 2;
const RED = '\u001B[31m';
const DIM = '\u001B[2m';
const RESET = '\u001B[0m';

/** A heading such as `Cell [3], line 2:5`, then the lines around it. Nothing but the heading if there is no such line. */
export function codeFrame(code: string, executionCount: number, { line, column }: Position): string[] {
  const heading = `Cell [${executionCount}], line ${line}:${column}`;
  const lines = code.split('\n');
  if (lines[line - 1] === undefined) return [heading];
  const from = Math.max(1, line - CONTEXT);
  const shown = lines.slice(from - 1, line + CONTEXT);
  const width = String(from + shown.length - 1).length;
  const frame = shown.flatMap((text, at) => {
    const numbered = `${String(from + at).padStart(width)} | ${text}`;
    if (from + at !== line) return [`  ${DIM}${numbered}${RESET}`];
    // Tabs stay tabs, so that the caret stands where the column does.
    const before = text.slice(0, column - 1).replace(/[^\t]/gu, ' ');
    return [`${RED}>${RESET} ${numbered}`, `  ${' '.repeat(width)} | ${before}${RED}^${RESET}`];
  });
  return [heading, ...frame];
}
