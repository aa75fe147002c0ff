/**
 * The text of functions as it was written. The code that compiling adds to a cell has a form of its own, so that it can be removed again:
 * a function may be sent as text to a worker, a browser or `vm`, where the evaluator is not.
 */
import { ORIGINAL } from '../builtins.js';
import { RUNTIME } from './runtime-name.js';

/** Closes a call that was opened around an expression. */
export const CLOSING = `/*${RUNTIME}*/)`;

const ADDED = new RegExp(
  `\\b${RUNTIME}\\.(?:resume\\(${RUNTIME}\\.current\\(\\), |guard(?:Each)?\\(\\d+, \\d+, |fresh\\(|constant\\.)|/\\*${RUNTIME}\\*/\\)`,
  'g',
);
const META = new RegExp(`\\b${RUNTIME}\\.meta\\b`, 'g');

/** Makes `Function.prototype.toString` leave out the code that compiling adds to cells. */
export function installWrittenText(): void {
  const { apply } = ORIGINAL.Reflect;
  const { prototype } = Function;
  const { toString: original } = prototype;
  const { includes, replace } = String.prototype as {
    includes(this: string, part: string): boolean;
    replace(this: string, pattern: RegExp, text: string): string;
  };
  const { toString } = {
    toString(this: unknown): string {
      const text = apply(original, this === toString ? original : this, []);
      if (!apply(includes, text, [RUNTIME])) return text;
      return apply(replace, apply(replace, text, [ADDED, '']), [META, 'import.meta']);
    },
  };
  Object.defineProperty(prototype, 'toString', { value: toString, writable: true, configurable: true });
}
