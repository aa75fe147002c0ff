import { checkGroupName } from './groups.js';
import { MESSAGE_TYPES, SEND_CHANNELS } from './message-types.js';
import { compileNamePattern } from './pattern.js';
import { BUILT_IN_ROLES, compileSee, compileSend, isBuiltInRole, isRoleName, type Role } from './role.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';
import { quote } from '../quote.js';
import { parseReauthInterval } from '../grants/duration.js';
import { type Field, invalidField, invalidPolicy, readAs, readFlag, readList, readMapping } from './policy-fields.js';
import { runPolicyTests } from './policy-tests.js';
import { parsePolicyYaml } from './policy-yaml.js';

/** A policy, and what is to be said about its file. */
export interface ParsedPolicy {
  readonly policy: Policy;
  /** Number of acts that its tests check; all of them pass. */
  readonly tests: number;
  /** Rules that forbid what no message is: a mistyped one forbids nothing. */
  readonly warnings: readonly { readonly message: string; readonly hint: string }[];
}

/**
 * The policy that a file describes, in YAML or JSON: `roles`, `anonymous`, `private`, `reauth` and `tests`. All of it or
 * nothing: what is not known is refused, and so is a policy that fails a test of its own. The built-in roles are always there,
 * and keep their meaning.
 *
 * Loading this file loads the YAML parser (30 ms): import it when there is a policy to read.
 *
 * @param source The file's name, for errors.
 * @throws CurveKernelError `policy-invalid`, with line and field.
 */
export function parsePolicy(text: string, source: string): ParsedPolicy {
  const root = parsePolicyYaml(text, source);
  if (root.node === null) throw invalidPolicy(source, 'is empty', { hint: 'A policy without rules is written {}.' });
  const fields = readMapping(root, ['roles', 'anonymous', 'private', 'reauth', 'tests']);
  const roles = readRoles(fields.get('roles'));
  const anonymous = fields.get('anonymous');
  const reauth = fields.get('reauth');
  const policy: Policy = {
    roles,
    anonymous: anonymous === undefined ? DEFAULT_POLICY.anonymous : readAnonymous(anonymous, roles),
    privateGroups: new Set(readList(fields.get('private')).map((group) => readAs(group, checkGroupName))),
    ...(reauth === undefined ? {} : { reauthInterval: readAs(reauth, parseReauthInterval) }),
  };
  const tests = runPolicyTests(readList(fields.get('tests')), policy);
  return { policy, tests, warnings: [...roles.values()].flatMap((role) => idleDenials(role, source)) };
}

function idleDenials({ name, send, see }: Role, source: string): ParsedPolicy['warnings'] {
  const patterns = [...send.map((text) => compileSend(text, false)), ...see.map(compileSee)];
  return patterns
    .filter((pattern) => pattern.deny && !ALL_MESSAGES.some((message) => pattern.matches(...message, true)))
    .map(({ text }) => ({
      message: `Policy file ${source}: in the role ${name}, ${quote(text)} forbids no message of the protocol`,
      hint: 'Correct its spelling, unless a kernel of yours has messages of that type.',
    }));
}

const ALL_MESSAGES = [...SEND_CHANNELS, 'iopub' as const].flatMap((channel) =>
  (channel === 'control' ? [...MESSAGE_TYPES.control, ...MESSAGE_TYPES.shell] : MESSAGE_TYPES[channel]).map(
    (type) => [channel, type] as const,
  ),
);

function readRoles(field: Field | undefined): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>(Object.entries(BUILT_IN_ROLES));
  if (field === undefined) return roles;
  for (const [name, member] of readMapping(field)) {
    if (isBuiltInRole(name)) throw invalidField(member, 'is built in and keeps its meaning', 'Choose another name.');
    roles.set(name, readRole(name, member));
  }
  return roles;
}

function readRole(name: string, field: Field): Role {
  if (!isRoleName(name))
    throw invalidField(field, 'is no name for a role: a lower-case letter, then a-z, 0-9, _ and -');
  const fields = readMapping(field, ['send', 'see', 'comms', 'groups', 'read_only']);
  const flag = fields.get('read_only');
  const readOnly = flag !== undefined && readFlag(flag);
  const texts = (list: string, compile: (text: string) => { readonly text: string }): readonly string[] =>
    readList(fields.get(list)).map((entry) => readAs(entry, compile).text);
  return {
    name,
    send: texts('send', (text) => compileSend(text, readOnly)),
    see: texts('see', compileSee),
    comms: texts('comms', compileNamePattern),
    groups: texts('groups', compileNamePattern),
    readOnly,
  };
}

function readAnonymous(field: Field, roles: ReadonlyMap<string, Role>): string {
  return readAs(field, (name) => {
    if (name === 'owner' || name === 'admin') throw new TypeError(`a client without a name cannot be ${name}`);
    if (name === 'deny' || roles.has(name)) return name;
    throw new TypeError(`${quote(name)} is no role; ${[...roles.keys()].join(', ')} are, and "deny" is for none`);
  });
}
