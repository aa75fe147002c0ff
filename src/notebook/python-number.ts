import { exactNumber, type ExactNumber } from './exact-number.js';

/** Where Python writes a float with an exponent: below the first, and from the second on. */
const [SMALLEST, LARGEST] = [1e-4, 1e16];

/**
 * A number of a message as a notebook of Python's has it, where each went through an `int` or a `float`: integers have all of their digits,
 * and a float is the nearest double, as `repr` writes it (`1e400` is `Infinity`, `1e5` is `100000.0`).
 *
 * @param text A number of JSON.
 */
export function pythonNumber(text: string): number | ExactNumber {
  if (/^-?\d+$/.test(text)) return exactNumber(text === '-0' ? '0' : text);
  const value = Number(text);
  const size = Math.abs(value);
  if (size >= SMALLEST && size < LARGEST && String(value) === text) return value;
  return exactNumber(floatText(value));
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size < SMALLEST || size >= LARGEST) return value.toExponential().replace(/(?<=e[-+])(?=\d$)/, '0');
  return `${value}${Number.isInteger(value) ? '.0' : ''}`;
}
