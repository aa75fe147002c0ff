/**
 * The text of functions as it was written. What a compiled cell contains beyond that is told by its form, so that it can be
 * taken out again: a function may be sent to a worker, a browser or `vm` as text, where the evaluator is not.
 */
import { ORIGINAL } from '../builtins.js';
import { RUNTIME } from './runtime-name.js';

/** What closes a call that was opened around an expression. */
export const CLOSING = `/*${RUNTIME}*/)`;

const ADDED = new RegExp(
  `\\b${RUNTIME}\\.(?:resume\\(${RUNTIME}\\.current\\(\\), |guard(?:Each)?\\(\\d+, \\d+, |fresh\\(|constant\\.)|/\\*${RUNTIME}\\*/\\)`,
  'g',
);
const META = new RegExp(`\\b${RUNTIME}\\.meta\\b`, 'g');

/** Makes `Function.prototype.toString` leave out what a cell was compiled to contain. */
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
