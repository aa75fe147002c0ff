/** The fields of an object that are not undefined: for options that may be absent, but not undefined. */
export function definedOnly<T extends object>(
  fields: T,
): { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
} {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the filter does, the type says
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
