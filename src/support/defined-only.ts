/** A field that may be undefined becomes one that may be absent. */
type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy of `fields` without those whose value is undefined: under `exactOptionalPropertyTypes` these may not be there at all. */
export function definedOnly<T extends object>(fields: T): Defined<T>;
export function definedOnly(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
