/** Taken before user code runs: in the evaluator, that code shares the process and may replace `Array.isArray`. */
const { isArray } = Array;

/** Whether a value is an object in the sense of JSON: not an array, not null, not a bare value. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/** Whether a value can have properties of its own: an object of any kind, arrays included, or a function. */
export function hasProperties(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
