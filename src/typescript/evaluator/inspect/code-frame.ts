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
  const to = Math.min(lines.length, line + CONTEXT);
  const width = String(to).length;
  const frame = [heading];
  for (let number = from; number <= to; number++) {
    const text = lines[number - 1] ?? '';
    const margin = `${String(number).padStart(width)} | `;
    if (number !== line) {
      frame.push(`  ${DIM}${margin}${text}${RESET}`);
      continue;
    }
    // Tabs stay tabs, so that the caret stands where the column does.
    const before = text.slice(0, column - 1).replace(/[^\t]/gu, ' ');
    frame.push(`${RED}>${RESET} ${margin}${text}`, `  ${' '.repeat(width)} | ${before}${RED}^${RESET}`);
  }
  return frame;
}
