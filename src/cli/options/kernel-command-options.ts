import { parseArgs } from 'node:util';
import { CurveKernelError } from '../../errors.js';
import { usageError } from '../output/usage-error.js';
import { checkValues } from './check-values.js';
import { defineCommand, type Values } from '../command.js';
import { flag, needed, text } from './option.js';
import { closest } from './closest.js';
import { SHARING_OPTIONS } from './sharing-options.js';

/** The options of `kernel`, as yargs and `parseArgs` of Node take them. */
export const KERNEL_COMMAND_OPTIONS = {
  'connection-file': { ...needed('The connection file: addresses and keys to serve with'), alias: 'f', short: 'f' },
  'require-encryption': flag('Refuse to serve without Curve keys'),
  'evaluator-user': text('Run cells as this system account [default: the account of the kernel]'),
  ...SHARING_OPTIONS,
} as const;

/** The arguments of `kernel`. */
export type KernelCommandArguments = Partial<Options> & Pick<Options, 'connection-file' | 'require-encryption'>;
type Options = Values<typeof KERNEL_COMMAND_OPTIONS>;

/** The help of `kernel`, which `run-kernel-command.ts` runs. */
export const command = defineCommand({
  options: KERNEL_COMMAND_OPTIONS,
  run: () => Promise.reject(usageError('"kernel" must be the first argument.', 'kernel')),
});

const isOption = (name: string): boolean => Object.hasOwn(KERNEL_COMMAND_OPTIONS, name);

/**
 * Reads the arguments of `kernel` without the libraries of the other commands. `unknown` names the arguments that are ignored: front ends append
 * arguments of all kinds. What looks like a mistyping of an option is an error all the same: these options limit what clients may do, and a
 * limit that is ignored would be none.
 *
 * @throws CurveKernelError `usage`.
 */
export function parseKernelArguments(args: readonly string[]): {
  readonly values: KernelCommandArguments;
  readonly unknown: readonly string[];
} {
  try {
    const [known, unknown] = divide(args);
    const { values } = parseArgs({ args: known, options: KERNEL_COMMAND_OPTIONS });
    checkValues(values, []);
    const { 'connection-file': file, ...others } = values;
    if (file === undefined) throw usageError('The option --connection-file is missing.', 'kernel');
    return { values: { ...others, 'connection-file': file }, unknown };
  } catch (error) {
    if (error instanceof CurveKernelError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw usageError(`${message.replace(/\.$/, '')}.`, 'kernel', error);
  }
}

/** The arguments of this command, and the names of the others. */
function divide(args: readonly string[]): [known: string[], unknown: string[]] {
  const { tokens } = parseArgs({ args: [...args], options: KERNEL_COMMAND_OPTIONS, strict: false, tokens: true });
  const known: string[] = [];
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      unknown.push('a value');
    } else if (isOption(token.name)) {
      if (token.inlineValue === true) known.push(`--${token.name}=${token.value}`);
      else known.push(`--${token.name}`, ...(token.value === undefined ? [] : [token.value]));
    } else {
      const meant = closest(token.name, Object.keys(KERNEL_COMMAND_OPTIONS));
      if (meant !== undefined) {
        throw usageError(`There is no option ${token.rawName}; did you mean "--${meant}"?`, 'kernel');
      }
      unknown.push(token.rawName);
    }
  }
  return [known, [...new Set(unknown)]];
}
