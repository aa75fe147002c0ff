const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_E = 0x45;
const SMALL_E = 0x65;

/** A decimal number of up to as many digits is the shortest text for its nearest double. */
const MAX_DIGITS = 15;
/** Smaller numbers are written with an exponent, by Python from here on and by JavaScript a little later. */
const SMALL = '0.0000';

/**
 * Where the number at `start`, a digit or a minus sign, ends; undefined if JavaScript or Python may write it in another way than it is
 * written here: it has more than 15 digits, an exponent, a zero at the end of its fraction, four zeros at its beginning, or is -0 or
 * infinite. Nothing is allocated.
 */
export function endOfUsualNumber(text: string, start: number): number | undefined {
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
