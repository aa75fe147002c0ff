import { isUtf8 } from 'node:buffer';

/** Deeper JSON exhausts the stacks of those who read it, such as Python's `json`. */
export const MAX_JSON_DEPTH = 500;

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const [PLUS, MINUS, POINT, ZERO, NINE] = [0x2b, 0x2d, 0x2e, 0x30, 0x39];
const FIRST_PLAIN = 0x20;
/** All but plain characters of a string. Bytes read as Latin-1 are characters. */
const SPECIAL = /["\\]|[^ -\xff]/;
/** Plain bytes in a row that are looked at one by one, and the most that V8 is given at once. */
const [SHORT, MAX_PIECE] = [32, 64 * 1024];
const SHORT_ESCAPES: ReadonlySet<number | undefined> = new Set(Buffer.from('"\\/bfnrt'));
const LITERAL = /^(?:true|false|null)/;
/** Any code unit but half of a surrogate pair; or a whole pair. */
const UNICODE_ESCAPE = /^\\u(?:(?![dD][89a-fA-F])[\da-fA-F]{4}|[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})/;
/** Far more than any number needs; a run of digits is looked at in one piece. */
const MAX_DIGITS = 4096;

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

/**
 * Checks the UTF-8 text of a JSON object (RFC 8259) without building it: in constant memory, and alike for any structure. Half a surrogate
 * pair, which JSON can write and Python cannot save, is refused. Yields after each `slice` of bytes, so that the event loop can turn.
 *
 * Returns the text, in its quotes, of the last member `wanted` of the outermost object, if that is a string.
 *
 * @throws TypeError for text that is no JSON object, or too deep
 */
export function* checkJson(text: Buffer, slice: number, wanted: string): Generator<void, Buffer | undefined> {
  if (!isUtf8(text)) throw new TypeError('text that is not UTF-8');
  const containers = new Uint8Array(MAX_JSON_DEPTH + 1);
  const wantedKey = Buffer.from(JSON.stringify(wanted));
  let depth = 0;
  let expected = 'value' as Expected;
  let isWanted = false;
  let found: Buffer | undefined;
  const beginValue = (string?: Buffer): void => {
    if (expected !== 'value' && expected !== 'value or end') fail();
    // Another value of that name, which is no string, hides an earlier one.
    if (depth === 1 && isWanted) found = string;
  };
  const afterValue = (): Expected => (depth === 0 ? 'nothing' : 'comma or end');

  for (let at = 0, stop = slice; at < text.length;) {
    if (at >= stop) {
      yield;
      stop = at + slice;
    }
    const start = at;
    const byte = text[at++] ?? 0;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    if (depth === 0 && expected === 'value' && byte !== OPEN_BRACE) throw new TypeError('JSON that is no object');
    switch (byte) {
      case QUOTE: {
        {
          const { at: place, isEnd } = scanString(text, at, Math.min(text.length, at + slice));
          at = isEnd ? place : yield* endOfString(text, place, slice);
        }
        const quoted = text.subarray(start, at);
        if (expected === 'key' || expected === 'key or end') {
          isWanted = depth === 1 && quoted.equals(wantedKey);
          expected = 'colon';
        } else {
          beginValue(quoted);
          expected = afterValue();
        }
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        beginValue();
        if (depth === MAX_JSON_DEPTH) throw new TypeError(`JSON of more than ${MAX_JSON_DEPTH} levels`);
        containers[++depth] = byte;
        expected = byte === OPEN_BRACE ? 'key or end' : 'value or end';
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET: {
        const [opening, atOnce] = byte === CLOSE_BRACE ? [OPEN_BRACE, 'key or end'] : [OPEN_BRACKET, 'value or end'];
        if (containers[depth] !== opening || (expected !== 'comma or end' && expected !== atOnce)) fail();
        depth--;
        expected = afterValue();
        break;
      }
      case COLON:
        if (expected !== 'colon') fail();
        expected = 'value';
        break;
      case COMMA:
        if (expected !== 'comma or end') fail();
        expected = containers[depth] === OPEN_BRACE ? 'key' : 'value';
        break;
      default:
        beginValue();
        at = endOfScalar(text, start);
        expected = afterValue();
    }
  }
  return expected === 'nothing' ? found : fail();
}

/**
 * The place behind the quote that closes a string, from the place behind the one that opens it; or the place so far, not behind `stop` but for an
 * escape or a piece. After some plain characters in a row V8 looks for the next that is not: it does in half the time.
 */
function scanString(text: Buffer, from: number, stop: number): { readonly at: number; readonly isEnd: boolean } {
  for (let at = from, plain = 0, size = SHORT; ;) {
    if (at >= stop) return { at, isEnd: false };
    const byte = text[at] ?? 0;
    if (byte === QUOTE) return { at: at + 1, isEnd: true };
    if (byte < FIRST_PLAIN) fail();
    if (byte === BACKSLASH) {
      at = afterEscape(text, at);
      plain = 0;
      size = SHORT;
    } else if (++plain < SHORT) at++;
    else {
      size = Math.min(size * 4, MAX_PIECE);
      const next = text.toString('latin1', at, at + size).search(SPECIAL);
      if (next >= 0) plain = 0;
      at += next < 0 ? size : next;
    }
  }
}

/** The place behind the quote that closes a string. Yields as {@link checkJson} does. */
function* endOfString(text: Buffer, from: number, slice: number): Generator<void, number> {
  for (let { at, isEnd } = scanString(text, from, Math.min(text.length, from + slice)); ;) {
    if (isEnd) return at;
    if (at >= text.length) fail();
    yield;
    ({ at, isEnd } = scanString(text, at, Math.min(text.length, at + slice)));
  }
}

/** The place behind an escape. */
function afterEscape(text: Buffer, at: number): number {
  if (SHORT_ESCAPES.has(text[at + 1])) return at + 2;
  return at + (UNICODE_ESCAPE.exec(text.toString('latin1', at, at + 12))?.[0].length ?? fail());
}

/** The place behind `true`, `false`, `null` or a number. */
function endOfScalar(text: Buffer, from: number): number {
  const byte = text[from];
  if (byte !== MINUS && !isDigit(byte)) {
    return from + (LITERAL.exec(text.toString('latin1', from, from + 5))?.[0].length ?? fail());
  }
  const digits = (start: number): number => {
    let at = start;
    while (isDigit(text[at]) && at - start <= MAX_DIGITS) at++;
    return at > start && at - start <= MAX_DIGITS ? at : fail();
  };
  let at = byte === MINUS ? from + 1 : from;
  at = text[at] === ZERO ? at + 1 : digits(at);
  if (text[at] === POINT) at = digits(at + 1);
  if (text[at] === 0x65 || text[at] === 0x45)
    at = digits(text[at + 1] === MINUS || text[at + 1] === PLUS ? at + 2 : at + 1);
  return at;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

function fail(): never {
  throw new TypeError('text that is not JSON');
}
