import { usageError } from '../output/usage-error.js';

/**
 * Checks the values of every command: none is empty, and only a list takes several. Returns true, as yargs expects.
 *
 * @param lists Names of the options and arguments that are lists.
 * @throws CurveKernelError `usage`.
 */
export function checkValues(argv: Readonly<Record<string, unknown>>, lists: readonly unknown[]): true {
  for (const [name, value] of Object.entries(argv)) {
    if (name === '_' || name === '$0') continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > 1 && !lists.includes(name)) throw usageError(`An option is given more than once: ${name}.`);
    if (values.includes('')) throw usageError(`The value is empty: ${name}.`);
  }
  return true;
}
