import { parseArgs } from 'node:util';
import { CurveKernelError } from '../../errors.js';
import type { AccessArguments } from './sharing-options.js';
import { checkValues } from './check-values.js';
import { closest } from './closest.js';

/** The arguments of `kernel`. */
export interface KernelArguments extends AccessArguments {
  readonly 'connection-file': string;
  readonly 'require-encryption': boolean;
  readonly 'evaluator-user': string | undefined;
}

const OPTIONS = {
  'connection-file': { type: 'string', short: 'f' },
  'require-encryption': { type: 'boolean', default: false },
  'evaluator-user': { type: 'string' },
  'authorized-clients': { type: 'string' },
  policy: { type: 'string' },
  audit: { type: 'string' },
  reauth: { type: 'string' },
  verify: { type: 'string' },
} as const;

const isOption = (name: string): name is keyof typeof OPTIONS => Object.hasOwn(OPTIONS, name);

/**
 * Reads the arguments of `kernel` without the libraries of the other commands. `unknown` names what was left aside: front ends append arguments of
 * all kinds. What looks like a mistyping of an option is an error all the same: these options limit what others may do, and a limit that is left
 * aside would be none.
 *
 * @throws CurveKernelError `usage`.
 */
export function parseKernelArguments(args: readonly string[]): {
  readonly values: KernelArguments;
  readonly unknown: readonly string[];
} {
  try {
    const [known, unknown] = divide(args);
    const { values } = parseArgs({ args: known, options: OPTIONS });
    checkValues(values, []);
    const { 'connection-file': file, 'evaluator-user': user, ...others } = values;
    if (file === undefined) throw new TypeError('the option --connection-file is missing');
    return { values: { ...others, 'connection-file': file, 'evaluator-user': user }, unknown };
  } catch (error) {
    if (error instanceof CurveKernelError) throw error;
    const message = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw new CurveKernelError('usage', message, { hint: 'see "jupyter-curve kernel --help"', cause: error });
  }
}

/** Our arguments, and the names of the others. */
function divide(args: readonly string[]): [known: string[], unknown: string[]] {
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
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
      const meant = closest(token.name, Object.keys(OPTIONS));
      if (meant !== undefined) {
        throw new TypeError(`there is no option ${token.rawName}; did you mean "--${meant}"?`);
      }
      unknown.push(token.rawName);
    }
  }
  return [known, [...new Set(unknown)]];
}
