import { isUtf8 } from 'node:buffer';

/** A look at JSON text in pieces, so that the event loop turns between them. */
export interface JsonCheck {
  /** Checks so many bytes more. True at the end of the text. @throws TypeError for text that is no JSON object, or too deep */
  advance(bytes: number): boolean;
  /** The text of a member of the outermost object that is a string, as it stands in quotes: of those asked for, at the end. */
  stringMember(name: string): Buffer | undefined;
}

/** Deeper JSON exhausts the stacks of those who read it, such as Python's `json`. */
export const MAX_JSON_DEPTH = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const FIRST_PLAIN = 0x20;
/** The tokens that may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const MEMBER = 4;
const NEXT_OR_END = 5;
const NOTHING = 6;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const EXPONENT = 0x65;
const EXPONENT_CAPITAL = 0x45;
/** Far more than any number needs; a run of digits is looked at in one piece. */
const MAX_DIGITS = 4096;
const SHORT_ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS = new Map(['true', 'false', 'null'].map((each) => [each.charCodeAt(0), Buffer.from(each)]));

/**
 * Checks the UTF-8 text of a JSON object (RFC 8259) without building it: in constant memory, and alike for any structure. Half a surrogate
 * pair, which JSON can write and Python cannot save, is refused.
 */
export function createJsonCheck(text: Buffer, wanted: readonly string[] = []): JsonCheck {
  const containers = new Uint8Array(MAX_JSON_DEPTH + 1);
  const members = new Map<string, Buffer>();
  const keys = new Map(wanted.map((name) => [JSON.stringify(name), name]));
  let depth = 0;
  let at = 0;
  let expected = VALUE;
  let stringStart = -1;
  let isKey = false;
  let key: string | undefined;
  let isUtf8Known = false;

  const endValue = (): void => {
    expected = depth === 0 ? NOTHING : NEXT_OR_END;
  };
  const open = (container: number): void => {
    if (depth === MAX_JSON_DEPTH) throw new TypeError(`JSON of more than ${MAX_JSON_DEPTH} levels`);
    if (depth === 0 && container !== OPEN_BRACE) throw new TypeError('JSON that is no object');
    containers[++depth] = container;
    expected = container === OPEN_BRACE ? KEY_OR_END : VALUE_OR_END;
  };
  const close = (container: number): void => {
    if (containers[depth] !== container) fail();
    depth--;
    endValue();
  };
  const endString = (): void => {
    const quoted = text.subarray(stringStart, at);
    stringStart = -1;
    if (isKey) {
      key = depth === 1 && keys.size > 0 && quoted.length <= 64 ? keys.get(quoted.toString()) : undefined;
      expected = MEMBER;
      return;
    }
    if (depth === 1 && key !== undefined) members.set(key, quoted);
    endValue();
  };
  const hex = (from: number): number => {
    const digits = text.toString('latin1', from, from + 4);
    return /^[\da-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : fail();
  };
  const escape = (): void => {
    const letter = text[at + 1] ?? 0;
    if (SHORT_ESCAPES.has(letter)) {
      at += 2;
      return;
    }
    if (letter !== 0x75) fail();
    const unit = hex(at + 2);
    at += 6;
    if (unit < 0xd800 || unit > 0xdfff) return;
    if (unit > 0xdbff || text[at] !== BACKSLASH || text[at + 1] !== 0x75) fail();
    const second = hex(at + 2);
    if (second < 0xdc00 || second > 0xdfff) fail();
    at += 6;
  };
  const digits = (): void => {
    const start = at;
    while (isDigit(text[at])) at++;
    if (at === start || at - start > MAX_DIGITS) fail();
  };
  const number = (): void => {
    if (text[at] === MINUS) at++;
    if (text[at] === ZERO) at++;
    else digits();
    if (text[at] === POINT) {
      at++;
      digits();
    }
    if (text[at] !== EXPONENT && text[at] !== EXPONENT_CAPITAL) return;
    at++;
    if (text[at] === PLUS || text[at] === MINUS) at++;
    digits();
  };
  const scalar = (byte: number): void => {
    if (depth === 0) throw new TypeError('JSON that is no object');
    const literal = LITERALS.get(byte);
    if (literal === undefined) number();
    else for (let place = 0; place < literal.length; place++) if (text[at++] !== literal[place]) fail();
    endValue();
  };
  const value = (byte: number): void => {
    if (byte === QUOTE) startString(false);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      at++;
      // Another value of that name, which is no string, hides an earlier one.
      if (depth === 1 && key !== undefined) members.delete(key);
      open(byte);
    } else {
      if (depth === 1 && key !== undefined) members.delete(key);
      scalar(byte);
    }
  };
  const startString = (asKey: boolean): void => {
    if (!asKey && depth === 0) throw new TypeError('JSON that is no object');
    isKey = asKey;
    stringStart = at++;
  };
  const step = (byte: number): void => {
    switch (expected) {
      case VALUE_OR_END:
        if (byte === CLOSE_BRACKET) {
          at++;
          close(OPEN_BRACKET);
          return;
        }
        value(byte);
        return;
      case VALUE:
        value(byte);
        return;
      case KEY_OR_END:
        if (byte === CLOSE_BRACE) {
          at++;
          close(OPEN_BRACE);
          return;
        }
        if (byte !== QUOTE) fail();
        startString(true);
        return;
      case KEY:
        if (byte !== QUOTE) fail();
        startString(true);
        return;
      case MEMBER:
        if (byte !== COLON) fail();
        at++;
        expected = VALUE;
        return;
      case NEXT_OR_END:
        at++;
        if (byte === COMMA) expected = containers[depth] === OPEN_BRACE ? KEY : VALUE;
        else if (byte === CLOSE_BRACE) close(OPEN_BRACE);
        else if (byte === CLOSE_BRACKET) close(OPEN_BRACKET);
        else fail();
        return;
      default:
        fail();
    }
  };

  return {
    advance(bytes) {
      if (!isUtf8Known && !isUtf8(text)) throw new TypeError('text that is not UTF-8');
      isUtf8Known = true;
      const stop = Math.min(at + bytes, text.length);
      while (at < stop) {
        if (stringStart >= 0) {
          while (at < stop && isPlain(text[at])) at++;
          if (at >= stop) break;
          const byte = text[at];
          if (byte === QUOTE) {
            at++;
            endString();
          } else if (byte === BACKSLASH) escape();
          else fail();
          continue;
        }
        const byte = text[at] ?? 0;
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) at++;
        else step(byte);
      }
      if (at < text.length) return false;
      if (at > text.length || expected !== NOTHING || stringStart >= 0) fail();
      return true;
    },
    stringMember: (name) => members.get(name),
  };
}

const isPlain = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= FIRST_PLAIN && byte !== QUOTE && byte !== BACKSLASH;
function fail(): never {
  throw new TypeError('text that is not JSON');
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;
