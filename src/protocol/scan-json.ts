import { endOfUsualNumber } from './usual-number.js';

/** What a JSON text holds, counted without building it. */
export interface JsonScan {
  /** Deepest nesting of objects and arrays; `0` for a bare value. */
  readonly depth: number;
  /** Objects, arrays and commas together: there is at most one value more than that, and values are what parsing costs. */
  readonly nodes: number;
  /** Members written in the outermost object, a repeated name each time it is written. */
  readonly members: number;
  /** Whether a number may be written in another way by JavaScript or Python than it is here (see {@link endOfUsualNumber}), or is NaN. */
  readonly unusualNumbers: boolean;
}

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_I = 0x49;
const CAPITAL_N = 0x4e;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Counts in one pass, with no recursion and in constant memory. It judges nothing: exact for valid JSON, and for any other
 * text at least what a parser can have built when it meets the mistake.
 */
export function scanJson(text: string): JsonScan {
  let depth = 0;
  let deepest = 0;
  let nodes = 0;
  let members = 0;
  let unusualNumbers = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        nodes++;
        if (++depth > deepest) deepest = depth;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
      case COMMA:
        nodes++;
        break;
      case COLON:
        if (depth === 1) members++;
        break;
      case CAPITAL_I:
      case CAPITAL_N:
        unusualNumbers = true;
        break;
      default:
        if (!unusualNumbers && (code === MINUS || (code >= ZERO && code <= NINE))) {
          const end = endOfUsualNumber(text, at);
          unusualNumbers = end === undefined;
          at = (end ?? at + 1) - 1;
        }
    }
  }
  return { depth: deepest, nodes, members, unusualNumbers };
}

/** The members of the outermost object by name, each value as it is written. The text has to be valid JSON, and an object. */
export function membersOf(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  const close = (at: number): void => {
    if (name !== undefined) members.set(name, text.slice(start, at).trim());
    name = undefined;
  };
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (depth === 1 && name === undefined) name = String(JSON.parse(text.slice(at, end + 1)));
        at = end;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (--depth === 0) close(at);
        break;
      case COMMA:
        if (depth === 1) close(at);
        break;
      case COLON:
        if (depth === 1) start = at + 1;
        break;
    }
  }
  return members;
}

/** Where the string that opens at `start` closes, or the end of the text; a quote after an odd run of backslashes is escaped. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote;
  }
  return text.length;
}
