/** Whether code can be run as it is, or a console should ask for another line. Decided by the parser, in this process. */
import type { IsCompleteReply } from '../kernel/language.js';
import { scanCode } from './scan-code.js';

/** The parser recurses on the native stack, which overflows at about 1500 levels of types: far more than this. */
const MAX_DEPTH = 400;
/** So long that parsing would keep others waiting; a console's user has not typed it. */
const MAX_LENGTH = 1_000_000;
const INDENT = '  ';

/** Answers `is_complete_request`. The parser is loaded at the first call. */
export async function isComplete(code: string): Promise<IsCompleteReply> {
  const scan = scanCode(code);
  if (scan.depth > MAX_DEPTH || code.length > MAX_LENGTH) return { status: 'unknown' };
  const { parseSync } = await import('oxc-parser');
  const parse = (lang: 'ts' | 'tsx') =>
    parseSync(`cell.${lang}`, code, { lang, sourceType: 'module', showSemanticErrors: true });
  const errors = parse('ts').errors;
  if (errors.length === 0) return { status: 'complete' };
  if (code.includes('<') && parse('tsx').errors.length === 0) return { status: 'complete' };
  if (scan.inside === 'template' || scan.inside === 'comment') return { status: 'incomplete', indent: '' };
  const end = Buffer.byteLength(code.trimEnd());
  const isAtEnd =
    (scan.inside === 'code' || scan.inside === 'lineComment') &&
    errors.some(({ labels }) => labels.some(({ start }) => start >= end));
  return isAtEnd ? { status: 'incomplete', indent: indentAfter(code, scan.open) } : { status: 'invalid' };
}

/** One step deeper than the line before when that opens something or leaves an expression unfinished. */
function indentAfter(code: string, open: readonly string[]): string {
  const last = code.trimEnd().split('\n').at(-1) ?? '';
  const current = /^[ \t]*/.exec(last)?.[0] ?? '';
  const opens = /[([{]$/.test(last) || (open.length === 0 && current === '');
  return opens ? `${current}${INDENT}` : current;
}
