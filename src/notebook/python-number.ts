import { exactNumber, type ExactNumber } from './exact-number.js';

/** Python writes a float with an exponent below the first, and from the second on. */
const [MIN_PLAIN, MAX_PLAIN] = [1e-4, 1e16];

/**
 * Converts a number of a message as Python does, where it becomes an `int` or a `float`: integers keep all digits, and a float is the
 * nearest double, as `repr` writes it (`1e400` is `Infinity`, `1e5` is `100000.0`).
 *
 * @param text A number in JSON.
 */
export function pythonNumber(text: string): number | ExactNumber {
  if (/^-?\d+$/.test(text)) return exactNumber(text === '-0' ? '0' : text);
  const value = Number(text);
  const size = Math.abs(value);
  if (size >= MIN_PLAIN && size < MAX_PLAIN && String(value) === text) return value;
  return exactNumber(floatText(value));
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size < MIN_PLAIN || size >= MAX_PLAIN) return value.toExponential().replace(/(?<=e[-+])(?=\d$)/, '0');
  return `${value}${Number.isInteger(value) ? '.0' : ''}`;
}
