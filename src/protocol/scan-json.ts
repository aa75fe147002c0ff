/** Size and shape of a JSON text, counted without building its value. */
export interface JsonScan {
  /** Deepest nesting of objects and arrays; `0` for a bare value. */
  readonly depth: number;
  /** Objects, arrays and commas together: there is at most one value more than that, and values are what parsing costs. */
  readonly nodes: number;
  /** Members written in the outermost object, a repeated name each time it is written. */
  readonly members: number;
  /** Whether a number may be written in another way by JavaScript or Python than it is here, or is NaN. */
  readonly unusualNumbers: boolean;
}

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_E = 0x45;
const CAPITAL_I = 0x49;
const CAPITAL_N = 0x4e;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SMALL_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** A decimal number of up to as many digits is the shortest text for its nearest double. */
const MAX_DIGITS = 15;
/** Smaller numbers are written with an exponent, by Python from here on and by JavaScript a little later. */
const SMALL = '0.0000';

/**
 * Counts in one pass, with no recursion and in constant memory. It judges nothing: exact for valid JSON, and for any other
 * text at least the values that a parser can have built before the mistake.
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

/** The place of the quote that closes the string which opens at `start`, or the end of the text; a quote after an odd run of backslashes is escaped. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote;
  }
  return text.length;
}

/**
 * The end of the number at `start`, a digit or a minus sign; undefined if JavaScript or Python may write it in another way than it is
 * written here: it has more than 15 digits, an exponent, a zero at the end of its fraction, four zeros at its beginning, or is -0 or
 * infinite. Nothing is allocated.
 */
function endOfUsualNumber(text: string, start: number): number | undefined {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let at = first;
  let digits = 0;
  let hasFraction = false;
  let code = text.charCodeAt(at);
  for (; isDigit(code) || code === DOT; code = text.charCodeAt(++at)) {
    if (code === DOT) hasFraction = true;
    else digits++;
  }
  if (digits === 0 || digits > MAX_DIGITS || code === SMALL_E || code === CAPITAL_E) return undefined;
  if (hasFraction) return text.charCodeAt(at - 1) === ZERO || text.startsWith(SMALL, first) ? undefined : at;
  return first > start && text.charCodeAt(first) === ZERO ? undefined : at;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
