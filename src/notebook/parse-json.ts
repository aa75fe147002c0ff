import type { Json } from '../protocol/message.js';
import { endOfString } from '../protocol/scan-json.js';
import { exactNumber, type ExactNumber } from './exact-number.js';

/** Maximum nesting of objects and arrays; about that of Python's json module. */
const MAX_DEPTH = 900;

const BLANK = 0x20;
const SPACE = /[\t\n\r ]*/y;
const BARE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|-?Infinity|NaN|true|false|null/y;
const CONSTANTS = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/**
 * Parses JSON as Python's json module does, which nbformat uses: with NaN and Infinity; of two members of the same name the last one counts.
 * A number that JavaScript would write in another way becomes an {@link ExactNumber}, in the place of a number.
 *
 * @param readNumber Parses the text of a number.
 * @throws SyntaxError with the position of the mistake, which quotes nothing.
 */
export function parseJson(text: string, readNumber: (text: string) => number | ExactNumber = exactNumber): Json {
  let at = 0;

  const value = (depth: number): Json => {
    space();
    switch (text[at]) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case undefined:
      default: {
        const bare = match(BARE);
        if (bare === undefined) throw mistake();
        const constant = CONSTANTS.get(bare);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- in the place of a number: it is one, as an object
        return constant === undefined ? (readNumber(bare) as number) : constant;
      }
    }
  };

  const object = (depth: number): Json => {
    const members: [string, Json][] = [];
    list('}', depth, () => {
      space();
      if (text[at] !== '"') throw mistake();
      const name = string();
      space();
      expect(':');
      members.push([name, value(depth + 1)]);
    });
    return Object.fromEntries(members); // which also makes a member called __proto__
  };

  const array = (depth: number): Json => {
    const items: Json[] = [];
    list(']', depth, () => void items.push(value(depth + 1)));
    return items;
  };

  const list = (end: string, depth: number, readOne: () => void): void => {
    if (depth === MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    at++;
    space();
    if (text[at] !== end) {
      readOne();
      for (space(); text[at] === ','; space()) {
        at++;
        readOne();
      }
    }
    expect(end);
  };

  const string = (): string => {
    const end = endOfString(text, at) + 1;
    try {
      const read: string = JSON.parse(text.slice(at, end));
      at = end;
      return read;
    } catch {
      throw mistake(); // the engine's message quotes the text
    }
  };

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };

  const space = (): void => {
    if (text.charCodeAt(at) <= BLANK) match(SPACE);
  };

  const expect = (character: string): void => {
    if (text[at] !== character) throw mistake();
    at++;
  };

  const mistake = (): SyntaxError => {
    if (at >= text.length) return new SyntaxError('the text ends too early');
    const before = text.slice(0, at).split('\n');
    return new SyntaxError(`line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`);
  };

  const read = value(0);
  space();
  if (at < text.length) throw mistake();
  return read;
}
