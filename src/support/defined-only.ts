/** `T` with each property that may be undefined made optional instead. */
export type DefinedOnly<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & { [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined> };

/** A copy of `object` without the properties that are undefined, as `exactOptionalPropertyTypes` wants options to be passed on. */
export function definedOnly<T extends object>(object: T): DefinedOnly<T> {
  const copy: Record<string, unknown> = {};
  // Entries as lists would cost more than what is copied: messages come by here.
  for (const name of Object.keys(object)) {
    const value: unknown = Reflect.get(object, name);
    if (value !== undefined) copy[name] = value;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined was left out
  return copy as DefinedOnly<T>;
}
