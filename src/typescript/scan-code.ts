/**
 * A quick look at code that may be unfinished: which brackets are open, and whether it ends inside a string, template,
 * comment or regular expression. It is linear, recurses nowhere, and never fails.
 */

/** The construct that the end of the code is inside of. */
export type Inside = 'code' | 'string' | 'template' | 'comment' | 'lineComment' | 'regexp';

/** The result of a scan. */
export interface Scan {
  readonly inside: Inside;
  /** The start of the string, template, comment or expression that is not closed. */
  readonly start: number;
  /** Brackets that are open at the end, outermost first; `${` of a template is `$`. */
  readonly open: readonly string[];
  /** The deepest that a parser may have to recurse for it: open brackets, operators and keywords in a row. */
  readonly depth: number;
  /** The maximum number of open brackets. */
  readonly nesting: number;
}

const TOKEN =
  /(?<comment>\/\*)|(?<line>\/\/[^\n]*)|(?<word>[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)|(?<number>\d[\w.]*)|(?<string>["'])|(?<template>`)|(?<open>[([{])|(?<close>[)\]}])|(?<slash>\/)|(?<end>[;,])|(?<space>\s+)|(?<operator>[^])/uy;
const DOUBLE = /(?:[^"\\\n]|\\[^])*(?<closed>")?/y;
const SINGLE = /(?:[^'\\\n]|\\[^])*(?<closed>')?/y;
const TEMPLATE = /(?:[^`\\$]|\\[^]|\$(?!\{))*(?<closed>`|\$\{)?/y;
const COMMENT = /[^]*?(?<closed>\*\/|$(?![^]))/y;
const REGEXP = /(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\]?)*(?<closed>\/[\p{ID_Continue}$]*)?/uy;
/** After these words an expression begins, so that a slash opens a regular expression. */
const BEFORE_EXPRESSION =
  /^(?:await|case|delete|do|else|in|instanceof|new|of|return|throw|typeof|void|yield|if|for|while|with|keyof|infer|readonly|unique|asserts|is|as|satisfies|extends)$/;

/** Whether more brackets than `limit` are ever open. Code that is far from that is not scanned. */
export function isNestedBeyond(code: string, limit: number): boolean {
  let open = 0;
  for (const [bracket] of code.length > limit ? code.matchAll(/[()[\]{}]/g) : []) {
    open = Math.max(0, open + ('([{'.includes(bracket) ? 1 : -1));
    if (open > limit) return scanCode(code).nesting > limit;
  }
  return false;
}

/** Scans `code` from its beginning to `end`. */
export function scanCode(code: string, end = code.length): Scan {
  const text = code.slice(0, end);
  const open: string[] = [];
  /** Per open bracket, how many operators stand in a row in it. */
  const rows = [0];
  let depth = 0;
  let nesting = 0;
  let sum = 0;
  let expectsValue = true;
  let position = 0;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    position = found === null ? text.length : pattern.lastIndex;
    return found;
  };
  const count = (change: number): void => {
    rows[rows.length - 1] = (rows.at(-1) ?? 0) + change;
    sum += change;
    depth = Math.max(depth, sum);
  };
  const push = (bracket: string): void => {
    open.push(bracket);
    nesting = Math.max(nesting, open.length);
    rows.push(0);
    count(1);
    expectsValue = true;
  };
  const pop = (): string | undefined => {
    sum -= rows.length > 1 ? (rows.pop() ?? 0) : 0;
    expectsValue = false;
    return open.pop();
  };
  const scan = (inside: Inside, start: number): Scan => ({ inside, start, open, depth, nesting });
  /** Runs to the end of a template's text; whether it got there. */
  const template = (): boolean => {
    const closed = match(TEMPLATE)?.groups?.['closed'];
    if (closed === '${') push('$');
    else expectsValue = false;
    return closed !== undefined;
  };

  while (position < text.length) {
    const start = position;
    const groups = match(TOKEN)?.groups ?? {};
    if (groups['space'] !== undefined) continue;
    if (groups['line'] !== undefined) {
      if (position === text.length) return scan('lineComment', start);
    } else if (groups['comment'] !== undefined) {
      if (match(COMMENT)?.groups?.['closed'] !== '*/') return scan('comment', start);
    } else if (groups['word'] !== undefined) {
      expectsValue = BEFORE_EXPRESSION.test(groups['word']);
      if (expectsValue) count(1);
    } else if (groups['string'] !== undefined) {
      const closed = match(groups['string'] === '"' ? DOUBLE : SINGLE)?.groups?.['closed'];
      if (closed === undefined) return scan('string', start);
      expectsValue = false;
    } else if (groups['template'] !== undefined) {
      if (!template()) return scan('template', start);
    } else if (groups['open'] !== undefined) {
      push(groups['open']);
    } else if (groups['close'] !== undefined) {
      const bracket = pop();
      if (bracket === '$' && groups['close'] === '}' && !template()) return scan('template', start);
    } else if (groups['slash'] !== undefined && expectsValue) {
      if (match(REGEXP)?.groups?.['closed'] === undefined) return scan('regexp', start);
      expectsValue = false;
    } else if (groups['end'] !== undefined) {
      count(-(rows.at(-1) ?? 0) + (open.length > 0 ? 1 : 0));
      expectsValue = true;
    } else if (groups['number'] !== undefined) {
      expectsValue = false;
    } else if (groups['operator'] !== '.') {
      count(1);
      expectsValue = true;
    }
  }
  return scan('code', position);
}
