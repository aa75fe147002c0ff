import { CurveKernelError } from '../../errors.js';
import { checkPublicKey } from '../../keys/curve-pair.js';
import { createAddressRule } from '../policy/address-rule.js';
import { checkIdentityName } from './identity-name.js';
import { parsePointInTime } from '../policy/point-in-time.js';
import { definedOnly } from '../../support/defined-only.js';
import { isRoleName } from '../policy/role.js';

/** One line of an `authorized_clients` file: an identity, its key and its roles. */
export interface AuthorizedClient {
  readonly identity: string;
  readonly publicKey: string;
  readonly roles: readonly string[];
  /** ISO 8601 in UTC. */
  readonly expiresAt?: string;
  /** Addresses and blocks for {@link createAddressRule}. */
  readonly from?: readonly string[];
  readonly line: number;
}

const MAX_CHARACTERS = 1_048_576;
const MAX_LINE_LENGTH = 1024;

/**
 * The clients that a file lists, a line each: `name public-key role[,role…] [expires=TIME] [from=BLOCK,…]`, as in OpenSSH's
 * `authorized_keys`. Empty lines and lines that begin with `#` are skipped; a field that begins with `#` begins a comment. One name
 * may have several keys; one key has one line.
 *
 * All or nothing: one line that cannot be understood may be the one that limits a client. Whether the roles exist is checked
 * with the policy.
 *
 * @param source The file's name, for errors.
 * @throws CurveKernelError `authorized-clients-invalid`, with the line and never the key.
 */
export function parseAuthorizedClients(text: string, source: string): readonly AuthorizedClient[] {
  const refuse = (problem: string, line?: number): CurveKernelError =>
    new CurveKernelError(
      'authorized-clients-invalid',
      `Authorized clients ${source}${line === undefined ? '' : `, line ${line}`}: ${problem}.`,
      { hint: HINT, data: definedOnly({ file: source, line }) },
    );
  if (text.length > MAX_CHARACTERS) throw refuse(`the file has more than ${MAX_CHARACTERS} characters`);
  const clients = new Map<string, AuthorizedClient>();
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (/^[ \t]*(#|$)/.test(content)) continue;
    const line = index + 1;
    let client;
    try {
      client = parseLine(content, line);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw refuse(error.message, line);
    }
    const earlier = clients.get(client.publicKey);
    if (earlier !== undefined) throw refuse(`the key is that of line ${earlier.line}`, line);
    clients.set(client.publicKey, client);
  }
  return [...clients.values()];
}

const HINT = 'A line is: name public-key role[,role] [expires=2030-01-31] [from=10.0.0.0/8]. The file before it holds.';

function parseLine(content: string, line: number): AuthorizedClient {
  if (content.length > MAX_LINE_LENGTH) throw new TypeError(`it has more than ${MAX_LINE_LENGTH} characters`);
  // No key begins with the character: in Z85 a group of five is four bytes, so its first is "%" at most.
  const fields = content
    .replace(/(^|[ \t])#.*$/, '')
    .split(/[ \t]+/)
    .filter(Boolean);
  const [name, key, roles, ...options] = fields;
  if (name === undefined || key === undefined || roles === undefined) {
    throw new TypeError(`it has ${fields.length} fields; name, public key and role are wanted`);
  }
  return {
    identity: within('the first field is no name that an identity can have', () => checkIdentityName(name)),
    publicKey: within('the second field is no public key of 40 characters of Z85', () => checkPublicKey(key, 'It')),
    roles: parseRoles(roles),
    ...parseOptions(options),
    line,
  };
}

function parseRoles(text: string): readonly string[] {
  const roles = text.split(',');
  if (!roles.every(isRoleName)) throw new TypeError('the third field holds something that is no name of a role');
  if (new Set(roles).size < roles.length) throw new TypeError('the third field names a role twice');
  return roles;
}

function parseOptions(options: readonly string[]): Pick<AuthorizedClient, 'expiresAt' | 'from'> {
  const given = new Map<string, string>();
  for (const option of options) {
    const [, name, value = ''] = /^(expires|from)=(.+)$/.exec(option) ?? [];
    if (name === undefined) throw new TypeError('it has an option that is neither expires= nor from=');
    if (given.has(name)) throw new TypeError(`it has ${name}= twice`);
    given.set(name, value);
  }
  const expires = given.get('expires');
  const from = given.get('from')?.split(',');
  if (from) within('from= is no list of addresses and blocks such as 10.0.0.0/8', () => createAddressRule(from));
  if (expires === undefined) return definedOnly({ from });
  const time = within('expires= is no date, and no time with a zone', () => parsePointInTime(expires));
  return definedOnly({ expiresAt: new Date(time).toISOString(), from });
}

/** Fields may be in the wrong place, so the parsers' own errors may quote a key: they are not passed on. */
function within<T>(problem: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof CurveKernelError)) throw error;
    // oxlint-disable-next-line eslint/preserve-caught-error -- a cause is printed with the error
    throw new TypeError(problem);
  }
}
