/** The code of a system error, such as `EADDRINUSE`. Looks at the shape only: errors may come from another realm. */
export const errorCode = (error: unknown): unknown => property(error, 'code');

/** What a thrown value says. */
export const errorMessage = (error: unknown): string => String(property(error, 'message') ?? error);

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
