import { CurveKernelError } from '../../errors.js';

/** The error for a command line that is wrong. `command` is the one whose help the hint names. */
export function usageError(message: string, command = 'COMMAND', cause?: unknown): CurveKernelError {
  const program = command === 'COMMAND' ? '"jupyter-curve --help" and ' : '';
  return new CurveKernelError('usage', message, { hint: `See ${program}"jupyter-curve ${command} --help".`, cause });
}

/** Throws where more than one of these options is given to `command`. */
export function onlyOneOf(values: Readonly<Record<string, unknown>>, command: string, names: readonly string[]): void {
  if (names.filter((name) => values[name] !== undefined && values[name] !== false).length <= 1) return;
  const all = new Intl.ListFormat('en-GB').format(names.map((name) => `--${name}`));
  throw usageError(`Only one of ${all} can be given.`, command);
}

/** Returns the result of `parse`; its TypeError becomes a usage error that names the option. */
export function parseOption<T>(option: string, command: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw usageError(`${option}: ${cause.message.replace(/\.$/, '')}.`, command, cause);
  }
}
