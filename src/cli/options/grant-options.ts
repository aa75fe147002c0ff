import { createAddressRule } from '../../access/policy/address-rule.js';
import { parseDuration } from '../../access/grants/duration.js';
import { isRoleName } from '../../access/policy/role.js';
import { parseOption, usageError } from '../output/usage-error.js';
import { flag, JSON_OPTION, needed, text } from './option.js';

/** The options of the commands that issue a key. */
export const KEY_TARGET_OPTIONS = {
  out: needed('Where to write the connection file'),
  key: text('Public key of the identity, or its certificate file [default: a new pair]'),
  seal: flag('Encrypt the connection file to that key, so that it can be mailed'),
  json: JSON_OPTION,
} as const;

/** Throws for `--seal` without a key to encrypt to. */
export function checkSeal(
  { seal, key }: { readonly seal: boolean; readonly key: string | undefined },
  command: string,
): void {
  if (seal && key === undefined) throw usageError('--seal needs --key, the key to encrypt to.', command);
}

/** Parses names of roles, separated by commas or given one by one. @throws CurveKernelError `usage`. */
export function parseRoles(texts: readonly string[], command: string): readonly string[] {
  const roles = texts.flatMap((one) => one.split(','));
  if (roles.every(isRoleName)) return roles;
  // Not quoted: it may be a key in the wrong place.
  throw usageError('A role is named by a lower-case letter, then a-z, 0-9, "_" and "-".', command);
}

/** Parses a duration such as `8h` into milliseconds; undefined if the option is not given. */
export function parseDurationOption(option: string, value: string | undefined, command: string): number | undefined {
  return value === undefined ? undefined : parseOption(option, command, () => parseDuration(value));
}

/** Parses `--from`: addresses and blocks, separated by commas or given one by one; undefined if it is not given. */
export function parseFrom(from: readonly string[] | undefined, command: string): readonly string[] | undefined {
  if (from === undefined) return undefined;
  const list = from.flatMap((entry) => entry.split(','));
  parseOption('--from', command, () => createAddressRule(list));
  return list;
}
