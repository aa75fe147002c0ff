/** Errors, and other thrown values, as front ends show them. */
import { inspect } from 'node:util';
import type { ErrorDescription } from '../../pipe/pipe-messages.js';
import { placeText, type CellStacks } from './cell-stack.js';
import { codeFrame } from './code-frame.js';
import type { Position } from '../compile/source-maps.js';
import { INTERNAL_FOLDER, INTERNAL_URL } from '../internals.js';

const RED = '\u001B[1;31m';
const RESET = '\u001B[0m';
const MAX_CAUSES = 5;
/** Characters of a message, and of a traceback: far more than a person reads, and less than a frame takes. */
const MAX_TEXT = 256 * 1024;
const MAX_NAME = 1024;
const MAX_LINES = 10_000;
/** The frames that call cells, in stacks that were made elsewhere. */
const CALLER = /^ {4}at (?:async )?<anonymous>:1:\d+$/;

/** The place where the cell stood, for an error whose own stack does not tell: those of awaited system calls are empty. */
export interface Standing {
  readonly executionCount: number;
  readonly position: Position;
}

/** Describes anything thrown; never throws itself, whatever getters and proxies do. */
export function describeError(error: unknown, stacks: CellStacks, standing?: Standing): ErrorDescription {
  try {
    if (!isError(error)) {
      const text = cut(inspect(error), MAX_TEXT);
      return { ename: 'Thrown', evalue: text, traceback: [`${RED}Thrown${RESET}: ${text}`] };
    }
    const ename = textOf(error.name) || 'Error';
    const evalue = textOf(error.message);
    return {
      ename: cut(ename, MAX_NAME),
      evalue: cut(evalue, MAX_TEXT),
      traceback: cutLines(traceback(error, ename, evalue, stacks, standing)),
    };
  } catch {
    const evalue = 'an error that cannot be shown';
    return { ename: 'Error', evalue, traceback: [`Error: ${evalue}`] };
  }
}

/** Describes a syntax error, which has a place in the cell and no stack. */
export function describeSyntaxError(
  error: Error,
  code: string,
  executionCount: number,
  position: Position,
): ErrorDescription {
  const heading = `${RED}SyntaxError${RESET}: ${error.message}`;
  const lines = [heading, ...codeFrame(code, executionCount, position)];
  return { ename: 'SyntaxError', evalue: error.message, traceback: lines };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

function cutLines(lines: readonly string[]): string[] {
  let left = MAX_TEXT;
  const kept: string[] = [];
  for (const line of lines) {
    if (left <= 0 || kept.length === MAX_LINES) return [...kept, `… (${lines.length - kept.length} more lines)`];
    kept.push(cut(line, left));
    left -= line.length;
  }
  return kept;
}

function traceback(error: Error, ename: string, evalue: string, stacks: CellStacks, standing?: Standing): string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const sites = stack.split('\n').filter((line) => /^ {4}at /.test(line) && !isInternal(line) && !CALLER.test(line));
  if (standing !== undefined && !stack.includes(`Cell [${standing.executionCount}]:`)) {
    sites.push(`    at async ${placeText(standing.executionCount, standing.position)}`);
  }
  const [headline = ''] = stack.split(/\n {4}at /, 1);
  const name = `${RED}${ename}${RESET}${headline.startsWith(ename) ? headline.slice(ename.length) : `: ${evalue}`}`;
  return [...name.split('\n'), ...stacks.frame(sites.join('\n'), error), ...sites, ...details(error), ...causes(error)];
}

/** Own properties beside the usual ones, such as `code` and `path` of system errors. */
function details(error: Error): string[] {
  const extra = Object.fromEntries(
    Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'errors'].includes(key)),
  );
  return Object.keys(extra).length === 0 ? [] : inspect(extra, { depth: 1 }).split('\n');
}

function causes(error: Error): string[] {
  const lines: string[] = [];
  if (error instanceof AggregateError) {
    for (const each of error.errors.slice(0, MAX_CAUSES)) lines.push(...`  - ${shown(each)}`.split('\n'));
  }
  let { cause } = error;
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth++) {
    lines.push(...`Caused by: ${shown(cause)}`.split('\n'));
    cause = isError(cause) ? cause.cause : undefined;
  }
  return lines;
}

function shown(value: unknown): string {
  return isError(value) && typeof value.stack === 'string' ? value.stack : inspect(value);
}

/** Any object may pass for an error, with anything for its name. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function isError(value: unknown): value is Error {
  return (
    Error.prototype.isPrototypeOf.call(Error.prototype, value as object) ||
    Object.prototype.toString.call(value) === '[object Error]'
  );
}

const isInternal = (line: string): boolean => line.includes(INTERNAL_FOLDER) || line.includes(INTERNAL_URL);
