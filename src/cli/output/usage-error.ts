import { CurveKernelError } from '../../errors.js';

/** The refusal of a command line that cannot be meant. */
export function usageError(message: string, command?: string): CurveKernelError {
  const hint =
    command === undefined
      ? 'see "jupyter-curve --help" and "jupyter-curve COMMAND --help"'
      : `see "jupyter-curve ${command} --help"`;
  return new CurveKernelError('usage', message, { hint });
}

/** What `parse` makes of an option; its TypeError becomes a usage error that names the option. */
export function parseOption<T>(option: string, command: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw usageError(`${option}: ${cause.message.replace(/\.$/, '')}`, command);
  }
}
