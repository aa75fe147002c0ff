import type { Argv } from 'yargs';
import { createAddressRule } from '../../access/policy/address-rule.js';
import { parseDuration } from '../../access/grants/duration.js';
import { isRoleName } from '../../access/policy/role.js';
import { parseOption, usageError } from '../output/usage-error.js';
import { JSON_OPTION } from '../output/output.js';

/** The options of the commands that issue a key. */
export interface KeyTarget {
  readonly out: string;
  readonly key: string | undefined;
  readonly seal: boolean;
  readonly json: boolean;
}

/** Adds the options of {@link KeyTarget}, for `grant` and `rotate`. */
export function keyTargetOptions<T>(yargs: Argv<T>): Argv<T & KeyTarget> {
  return yargs
    .option('out', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Where to write the connection file',
    })
    .option('key', {
      type: 'string',
      requiresArg: true,
      describe: 'Public key of the identity, or its certificate file [default: a new pair]',
    })
    .option('seal', {
      type: 'boolean',
      default: false,
      describe: 'Encrypt the connection file to that key, so that it can be mailed',
    })
    .option('json', JSON_OPTION);
}

/** Parses names of roles, separated by commas or given one by one. @throws CurveKernelError `usage`. */
export function parseRoles(texts: readonly string[], command: string): readonly string[] {
  const roles = texts.flatMap((text) => text.split(','));
  if (roles.every(isRoleName)) return roles;
  // Not quoted: it may be a key in the wrong place.
  throw usageError('A role is named by a lower-case letter, then a-z, 0-9, "_" and "-".', command);
}

/** Parses a duration such as `8h` into milliseconds; undefined if the option is not given. */
export function parseDurationOption(option: string, text: string | undefined, command: string): number | undefined {
  return text === undefined ? undefined : parseOption(option, command, () => parseDuration(text));
}

/** Parses `--from`: addresses and blocks, separated by commas or given one by one; undefined if it is not given. */
export function parseFrom(from: readonly string[] | undefined, command: string): readonly string[] | undefined {
  if (from === undefined) return undefined;
  const list = from.flatMap((entry) => entry.split(','));
  parseOption('--from', command, () => createAddressRule(list));
  return list;
}
