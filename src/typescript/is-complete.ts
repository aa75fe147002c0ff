/** Whether code can be run as it is, or a console should ask for another line. Decided by the parser, in this process. */
import type { IsCompleteReply } from '../kernel/language.js';
import { objectCell } from './object-cell.js';
import { scanCode, type Scan } from './scan-code.js';

/** The parser recurses on the native stack, which overflows at about 1500 levels of types: far more than this. */
const MAX_DEPTH = 400;
/** Code so long that parsing it would delay other requests; it was not typed at a console. */
const MAX_LENGTH = 1_000_000;
const INDENT = '  ';

/** Answers `is_complete_request`. The parser is loaded at the first call. */
export async function isComplete(code: string): Promise<IsCompleteReply> {
  const scan = scanCode(code);
  if (scan.depth > MAX_DEPTH || code.length > MAX_LENGTH) return { status: 'unknown' };
  const { parseSync } = await import('oxc-parser');
  const errorsOf = (text: string, lang: 'ts' | 'tsx') =>
    parseSync(`cell.${lang}`, text, { lang, sourceType: 'module', showSemanticErrors: true }).errors;
  const errors = errorsOf(code, 'ts');
  if (errors.length === 0) return { status: 'complete' };
  const errorsOfJsx = code.includes('<') ? errorsOf(code, 'tsx') : errors;
  if (errorsOfJsx.length === 0 || objectCell(code) !== undefined) return { status: 'complete' };
  if (scan.inside === 'template' || scan.inside === 'comment') return { status: 'incomplete', indent: '' };
  const end = Buffer.byteLength(code.trimEnd());
  /** The text of an element may have quotes that are none, and is one token to its end. */
  const isInElement =
    errorsOfJsx !== errors &&
    errorsOfJsx.some(
      ({ message, labels }) =>
        labels.some((label) => label.end >= end) && !/^Unterminated (?:string|reg)/.test(message),
    );
  const isInCode = scan.inside === 'code' || scan.inside === 'lineComment';
  const isAtEnd = isInCode && errors.some(({ labels }) => labels.some(({ start }) => start >= end));
  const goesOn = (): boolean => continuations(code, scan).some((text) => errorsOf(text, 'ts').length === 0);
  const isContinued = scan.inside === 'string' && /(?<!\\)(?:\\\\)*\\$/.test(code);
  return isInElement || isAtEnd || isContinued || (isInCode && goesOn())
    ? { status: 'incomplete', indent: indentAfter(code, scan.open) }
    : { status: 'invalid' };
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', $: '}`' };

/** The code with what may follow: the parser does not place every error at the end that is one of the end. */
function continuations(code: string, { open, inside }: Scan): string[] {
  const space = inside === 'lineComment' ? '\n' : ' ';
  const closing = open.toReversed().map((each) => CLOSING[each] ?? '');
  return ['x', 'x {}'].map((next) => `${code}${space}${next}${closing.join('')}`);
}

/** One step deeper than the line before when that opens something or leaves an expression unfinished. */
function indentAfter(code: string, open: readonly string[]): string {
  const last = code.trimEnd().split('\n').at(-1) ?? '';
  const current = /^[ \t]*/.exec(last)?.[0] ?? '';
  const opens = /[([{]$/.test(last) || (open.length === 0 && current === '');
  return opens ? `${current}${INDENT}` : current;
}
