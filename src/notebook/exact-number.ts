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
