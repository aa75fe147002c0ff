const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PLAIN = 0x20;

/** Bytes of a string that are kept of a long plain run, at its beginning. */
const KEPT = 64;
/** Plain runs longer than this are cut. */
const LONG = 4096;

/**
 * JSON text with the long plain runs of its strings cut short; `text` itself where there are none. It is JSON where `text` is, and only
 * there, for a string may hold any number of characters that need no escape (RFC 8259, section 7): so a parser that judges the outline has
 * judged the text. `text` is UTF-8; what is cut may end within a character.
 */
export function outlineOf(text: Buffer): Buffer {
  const nextStop = stopsIn(text);
  const kept: Buffer[] = [];
  let from = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const stop = nextStop(at);
    if (isInString && stop - at > LONG) {
      kept.push(text.subarray(from, at + KEPT));
      from = stop;
    }
    at = stop;
    if (text[at] === QUOTE) isInString = !isInString;
    else if (text[at] === BACKSLASH && isInString) at++;
  }
  return kept.length === 0 ? text : Buffer.concat([...kept, text.subarray(from)]);
}

/** Finds the next byte, from a place on, that is a quote, a backslash or a control character; the end when there is none. */
function stopsIn(text: Buffer): (at: number) => number {
  const before = text.byteOffset % WORD;
  const words = new Int32Array(text.buffer, text.byteOffset - before, Math.floor((before + text.length) / WORD));
  return (start) => {
    let at = start;
    for (; (at + before) % WORD !== 0; at++) if (isStop(text[at])) return at;
    let word = (at + before) / WORD;
    while (!hasStop(words[word])) word++;
    at = word * WORD - before;
    while (!isStop(text[at])) at++;
    return at;
  };
}

/** The end is one. */
const isStop = (byte: number | undefined): boolean =>
  byte === undefined || byte < FIRST_PLAIN || byte === QUOTE || byte === BACKSLASH;

const WORD = 4;
const QUOTES = QUOTE * 0x01010101;
const BACKSLASHES = BACKSLASH * 0x01010101;

/** Whether one of four bytes is a stop, all four at once: each test leaves a high bit where a byte is below its bound. */
function hasStop(word: number | undefined): boolean {
  if (word === undefined) return true;
  const quotes = word ^ QUOTES;
  const backslashes = word ^ BACKSLASHES;
  const below =
    ((word - FIRST_PLAIN * 0x01010101) & ~word) |
    ((quotes - 0x01010101) & ~quotes) |
    ((backslashes - 0x01010101) & ~backslashes);
  return (below & 0x80808080) !== 0;
}
