import { types } from 'node:util';

/**
 * A number in the form in which it is written in a notebook file, where JavaScript would write or hold another: integers above 2^53, `1.0`,
 * `-0`, `1e400`. It is a `Number` object: it calculates as the nearest number that JavaScript has, and a structured clone keeps that value
 * but not the written form.
 */
export class ExactNumber extends Number {
  /** As Python's json module reads it: JSON, or `NaN`, `Infinity`, `-Infinity`. */
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }
}

/** Parses a number; the result is a plain number if JavaScript would write it the same. */
export function exactNumber(text: string): number | ExactNumber {
  const value = Number(text);
  return Object.is(value, -0) || String(value) !== text ? new ExactNumber(text) : value;
}

/** Returns the nearest number of JavaScript; undefined for a value that is no number. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return types.isNumberObject(value) ? value.valueOf() : undefined;
}

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
