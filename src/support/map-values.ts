/** A copy of an object with each value replaced by what `map` makes of it. A member named `__proto__` stays one. */
export function mapValues<T, R>(
  object: Readonly<Record<string, T>>,
  map: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}
