/** Cells that are an object literal, as consoles read them: alone, `{ a: 1 }` would be a block with a label. */
import { parseSync } from 'oxc-parser';

/** The cell with parentheses around its object. */
export interface ObjectCell {
  readonly code: string;
  /** The offset at which the first of the two was put in. */
  readonly start: number;
}

const TRIVIA = String.raw`\s|\/\/[^\n]*(?:\n|$(?![^]))|\/\*[^]*?\*\/`;
const HEAD = new RegExp(`^(?:${TRIVIA})*\\{`);
const TAIL = new RegExp(`^(?:${TRIVIA}|;)*$(?![^])`);
/** Maximum number of closing braces tried from the end: all but one stand in the comments behind the object. */
const MAX_TRIES = 20;

/** Undefined for any code but one object literal, with whatever semicolons and comments around it. */
export function objectCell(code: string): ObjectCell | undefined {
  const start = (HEAD.exec(code)?.[0].length ?? 0) - 1;
  if (start === -1) return undefined;
  let end = code.length;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    end = code.lastIndexOf('}', end - 1);
    if (end <= start) return undefined;
    if (!TAIL.test(code.slice(end + 1))) continue;
    const wrapped = `${code.slice(0, start)}(${code.slice(start, end + 1)})${code.slice(end + 1)}`;
    if (isObject(wrapped, 'ts') || (code.includes('<') && isObject(wrapped, 'tsx'))) return { code: wrapped, start };
  }
  return undefined;
}

function isObject(code: string, lang: 'ts' | 'tsx'): boolean {
  const { program, errors } = parseSync(`cell.${lang}`, code, { lang, sourceType: 'module', preserveParens: false });
  const [only, ...others] = program.body;
  return (
    errors.length === 0 &&
    only?.type === 'ExpressionStatement' &&
    only.expression.type === 'ObjectExpression' &&
    others.every(({ type }) => type === 'EmptyStatement')
  );
}
