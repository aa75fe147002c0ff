import type { Argv } from 'yargs';
import { createAddressRule } from '../../access/policy/address-rule.js';
import { parseDuration } from '../../access/grants/duration.js';
import { isRoleName } from '../../access/policy/role.js';
import { parseOption, usageError } from '../output/usage-error.js';

/** What a new key is for, and where it goes. */
export interface KeyTarget {
  readonly out: string;
  readonly key: string | undefined;
  readonly seal: boolean;
  readonly json: boolean;
}

/** The options of the commands that make a grant: `grant` and `rotate`. */
export function keyTargetOptions<T>(yargs: Argv<T>): Argv<T & KeyTarget> {
  return yargs
    .option('out', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Write the connection file here',
    })
    .option('key', { type: 'string', requiresArg: true, describe: 'Their public key, or the file it is in' })
    .option('seal', { type: 'boolean', default: false, describe: 'Encrypt the file to that key, to be mailed' })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' });
}

/** Names of roles, also several with commas between. */
export function parseRoles(texts: readonly string[], command: string): readonly string[] {
  const roles = texts.flatMap((text) => text.split(','));
  if (roles.every(isRoleName)) return roles;
  // Not quoted: it may be a key, put in the wrong place.
  throw usageError('a role is named by a lower-case letter, then a-z, 0-9, "_" and "-"', command);
}

/** A duration such as `8h`, in milliseconds; undefined where the option is not given. */
export function parseDurationOption(option: string, text: string | undefined, command: string): number | undefined {
  return text === undefined ? undefined : parseOption(option, command, () => parseDuration(text));
}

/** `--from`: addresses and blocks, also several with commas between; undefined where it is not given. */
export function parseFrom(from: readonly string[] | undefined, command: string): readonly string[] | undefined {
  if (from === undefined) return undefined;
  const list = from.flatMap((entry) => entry.split(','));
  parseOption('--from', command, () => createAddressRule(list));
  return list;
}
