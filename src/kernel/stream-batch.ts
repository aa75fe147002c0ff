/** Text for stdout and stderr, gathered into few messages: ten thousand short lines must not be ten thousand messages. */

/** Milliseconds since the first text after which a batch is sent, and its length in UTF-16 units at which it is sent at once. */
const DELAY = 10;
const MAX_LENGTH = 64 * 1024;
/** Maximum text of one message, in UTF-16 units: front ends and servers limit the size of a message. */
const MAX_PIECE = 1024 * 1024;

/**
 * Gathers text for one stream of one owner at a time; text for another stream or owner sends what was gathered. `send` is never called with
 * an empty text, and never with half a surrogate pair at a cut.
 */
export function createStreamBatch<Owner>(send: (owner: Owner, name: string, text: string) => void) {
  let pending: { readonly owner: Owner; readonly name: string; text: string } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    const batch = pending;
    timer = pending = undefined;
    if (batch !== undefined) for (const piece of pieces(batch.text)) send(batch.owner, batch.name, piece);
  };

  return {
    /** Sends the gathered text now, so that the next message comes after it. */
    flush,
    write(owner: Owner, name: string, text: string): void {
      if (text === '') return;
      if (pending !== undefined && (pending.owner !== owner || pending.name !== name)) flush();
      if (pending === undefined) pending = { owner, name, text };
      else pending.text += text;
      if (pending.text.length >= MAX_LENGTH) flush();
      else timer ??= setTimeout(flush, DELAY);
    },
  };
}

/** The length of `text` without a first half of a surrogate pair at its end, whose other half is still to come. */
export function wholeLength(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
}

function* pieces(text: string): Generator<string> {
  let start = 0;
  while (text.length - start > MAX_PIECE) {
    const piece = text.slice(start, start + MAX_PIECE);
    const length = wholeLength(piece);
    yield piece.slice(0, length);
    start += length;
  }
  yield text.slice(start);
}
