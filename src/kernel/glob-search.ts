import { setImmediate as nextTurn } from 'node:timers/promises';
import { CurveKernelError } from '../errors.js';

/** Whether the whole of a text matches. Returns to the event loop regularly, however long the texts are. */
export type GlobSearch = (text: string) => Promise<boolean>;

/** Maximum length of a pattern, in UTF-16 units. The cost of a search is proportional to it. */
export const MAX_PATTERN = 512;

/** Words of the bit set that are processed before other requests have their turn: some milliseconds. */
const TURN = 500_000;
const WORD = 32;
const ASCII = 128;

/**
 * Compiles a pattern in which `*` stands for any text and `?` for any one character.
 *
 * All places of the pattern that the text may have reached are bits of a set, which every character moves at once (Baeza-Yates and
 * Gonnet's Shift-And). So the time is proportional to the text, whatever pattern and text are.
 *
 * @throws CurveKernelError 'message-malformed' for a pattern longer than {@link MAX_PATTERN}
 */
export function compileGlobSearch(pattern: string): GlobSearch {
  if (pattern.length > MAX_PATTERN) throw patternTooLongError(pattern.length);
  const symbols = pattern.replaceAll('*', '');
  const words = Math.floor(symbols.length / WORD) + 1;
  const stars = new Uint32Array(words);
  const anyOne = new Uint32Array(words);
  const ascii: (Uint32Array | undefined)[] = Array.from({ length: ASCII });
  const others = new Map<number, Uint32Array>();
  const maskOf = (unit: number): Uint32Array => (unit < ASCII ? ascii[unit] : others.get(unit)) ?? anyOne;

  let place = 0;
  const wanted: [unit: number, place: number][] = [];
  for (const symbol of pattern.split('')) {
    if (symbol === '*') setBit(stars, place);
    else if (symbol === '?') setBit(anyOne, place++);
    else wanted.push([symbol.charCodeAt(0), place++]);
  }
  for (const [unit, at] of wanted) {
    const mask = maskOf(unit) === anyOne ? anyOne.slice() : maskOf(unit);
    if (unit < ASCII) ascii[unit] = mask;
    else others.set(unit, mask);
    setBit(mask, at);
  }
  const endsInStar = hasBit(stars, place);
  let left = TURN;

  return async (text) => {
    const reached = new Uint32Array(words);
    setBit(reached, 0);
    for (let at = 0; at < text.length; at++) {
      if (endsInStar && hasBit(reached, place)) return true;
      const mask = maskOf(text.charCodeAt(at));
      let carry = 0;
      let any = 0;
      for (let word = 0; word < words; word++) {
        const before = reached[word] ?? 0;
        const moved = before & (mask[word] ?? 0);
        const after = (moved << 1) | carry | (before & (stars[word] ?? 0));
        carry = moved >>> (WORD - 1);
        reached[word] = after;
        any |= after;
      }
      if (any === 0) return false;
      left -= words;
      if (left > 0) continue;
      await nextTurn();
      left = TURN;
    }
    return hasBit(reached, place);
  };
}

function setBit(set: Uint32Array, at: number): void {
  set[at >>> 5] = (set[at >>> 5] ?? 0) | (1 << (at & 31));
}

function hasBit(set: Uint32Array, at: number): boolean {
  return ((set[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
}

function patternTooLongError(length: number): CurveKernelError {
  return new CurveKernelError(
    'message-malformed',
    `The field pattern should have at most ${MAX_PATTERN} characters, and has ${length}.`,
    { hint: 'Look for a shorter part of the code, with * for the rest.', data: { field: 'pattern' } },
  );
}
