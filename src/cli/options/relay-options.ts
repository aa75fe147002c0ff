import { parseArgs } from 'node:util';
import { defineCommand } from '../command.js';
import { usageError } from '../output/usage-error.js';
import { checkValues } from './check-values.js';
import { flag, needed, text } from './option.js';
import { SHARING_OPTIONS, type SharingArguments } from './sharing-options.js';

/** The option `--unthrottled` of `relay` and `wrap`. */
export const UNTHROTTLED_OPTION = flag('Never stop the kernel for moments while it prints faster than clients read');

/** The options of `relay`, as yargs and `parseArgs` of Node take them. */
export const RELAY_OPTIONS = {
  'connection-file': needed('The connection file: addresses and keys to serve with'),
  spec: needed('The folder of the kernelspec to run behind the relay'),
  prefix: text('The Python environment of the front end'),
  inner: text('The sockets of the kernel behind: ipc (private) or tcp (loopback) [default: ipc]'),
  unthrottled: UNTHROTTLED_OPTION,
  'require-encryption': flag('Refuse to serve without Curve keys'),
  ...SHARING_OPTIONS,
} as const;

/** The help of `relay`, which `relay-process.ts` runs. */
export const command = defineCommand({
  options: RELAY_OPTIONS,
  run: () => Promise.reject(usageError('"relay" must be the first argument.', 'relay')),
});

/** The arguments of `relay`. */
export interface RelayArguments extends SharingArguments {
  readonly 'connection-file': string;
  readonly spec: string;
  /** Undefined, too, where the front end has left its placeholder as it is. */
  readonly prefix: string | undefined;
  readonly inner: 'ipc' | 'tcp';
  readonly unthrottled: boolean;
  readonly 'require-encryption': boolean;
  /** What follows `--`: the arguments that the front end appends, for the kernel behind. */
  readonly extraArguments: readonly string[];
}

/**
 * Reads the arguments of `relay`, without the libraries of other commands. Every argument before `--` must be known: they limit what clients
 * may do.
 *
 * @throws CurveKernelError `usage`.
 */
export function parseRelayArguments(args: readonly string[]): RelayArguments {
  const end = args.indexOf('--');
  const ours = end < 0 ? [...args] : args.slice(0, end);
  try {
    const { values } = parseArgs({ args: ours, options: RELAY_OPTIONS });
    checkValues(values, []);
    const { 'connection-file': file, spec, prefix, inner = 'ipc', ...others } = values;
    if (file === undefined) throw usageError('The option --connection-file is missing.', 'relay');
    if (spec === undefined) throw usageError('The option --spec is missing.', 'relay');
    if (inner !== 'ipc' && inner !== 'tcp') throw usageError('--inner is either ipc or tcp.', 'relay');
    return {
      ...others,
      'connection-file': file,
      spec,
      prefix: prefix === '{prefix}' ? undefined : prefix,
      inner,
      extraArguments: end < 0 ? [] : args.slice(end + 1),
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw usageError(`${error.message.replace(/\.$/, '')}.`, 'relay', error);
  }
}
