/** The text of content whose numbers JavaScript does not keep, such as 2^63, 1.0 and NaN: for readers that must write them down again. */
import { endOfString } from './scan-json.js';

/** By content object. A copy of it has none until {@link passWrittenText} is called. */
const texts = new WeakMap<object, string>();

const QUOTE = 0x22;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_E = 0x45;
const CAPITAL_I = 0x49;
const CAPITAL_N = 0x4e;
const SMALL_E = 0x65;

/** A decimal number of up to as many digits is the shortest text for its nearest double. */
const MAX_DIGITS = 15;
/** Smaller numbers are written with an exponent, by Python from here on and by JavaScript a little later. */
const SMALL = '0.0000';

/** Remembers the text that `content` was read from, if it has a number that JavaScript, or Python, would write in another way. */
export function keepWrittenText(content: object, text: string): void {
  if (hasUnusualNumber(text)) texts.set(content, text);
}

/** Remembers the text of one object for a copy of it as well. */
export function passWrittenText(from: object, to: object): void {
  const text = texts.get(from);
  if (text !== undefined) texts.set(to, text);
}

/**
 * The JSON text that content was read from, in which `NaN`, `Infinity` and `-Infinity` may stand as numbers; undefined where all of its
 * numbers are as JavaScript writes them, or the text is not known.
 */
export function writtenTextOf(content: object): string | undefined {
  return texts.get(content);
}

/**
 * Whether JSON has a number that may be written in another way by JavaScript or Python than it is here: it has more than 15 digits, an
 * exponent, a zero at the end of its fraction, four zeros at its beginning, or is -0, NaN or infinite. Stops at the first, and costs one
 * pass without any allocation where there is none.
 */
export function hasUnusualNumber(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === CAPITAL_N || code === CAPITAL_I) return true;
    else if (code === MINUS || isDigit(code)) {
      const start = code === MINUS ? at + 1 : at;
      const end = endOfUsualNumber(text, start);
      if (end === undefined || (code === MINUS && end === start + 1 && text.charCodeAt(start) === ZERO)) return true;
      at = end - 1;
    }
  }
  return false;
}

/** Where the digits from `start` on end, with their fraction; undefined if the number is unusual. */
function endOfUsualNumber(text: string, start: number): number | undefined {
  let [at, digits, hasFraction] = [start, 0, false];
  let code = text.charCodeAt(at);
  for (; isDigit(code) || code === DOT; code = text.charCodeAt(++at)) {
    if (code === DOT) hasFraction = true;
    else digits++;
  }
  if (code === SMALL_E || code === CAPITAL_E || digits > MAX_DIGITS) return undefined;
  if (hasFraction && (text.charCodeAt(at - 1) === ZERO || text.startsWith(SMALL, start))) return undefined;
  return at;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
