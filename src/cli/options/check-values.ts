import { usageError } from '../output/usage-error.js';

/**
 * What holds for the values of every command: none is empty, and only a list takes several. Throws `usage`; returns true, as yargs wants it.
 *
 * @param lists The options and arguments that are lists.
 */
export function checkValues(argv: Readonly<Record<string, unknown>>, lists: readonly unknown[]): true {
  for (const [name, value] of Object.entries(argv)) {
    if (name === '_' || name === '$0') continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > 1 && !lists.includes(name)) throw usageError(`given more than once: ${name}`);
    if (values.includes('')) throw usageError(`the value is empty: ${name}`);
  }
  return true;
}
