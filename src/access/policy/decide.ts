import { type Act, channelOf, type SendAct } from './act.js';
import { commGroup, KERNEL_GROUP } from './groups.js';
import { homeChannel, isCommType, isDisguised, MAX_TYPE_LENGTH } from './message-types.js';
import type { Policy } from './policy.js';
import { quote } from '../quote.js';
import { compileRights, type Rights, type RuleDecision } from './rights.js';
import { isRoleName } from './role.js';

/** The subject of a decision: an identity, and the roles that its grants give it together. */
export interface Subject {
  readonly name: string;
  readonly roles: readonly string[];
}

/** A decision and its reason. */
export interface AccessDecision extends RuleDecision {
  /** The missing right, in words that follow “may not send” or “may not see”: `shell.execute_request`. */
  readonly missing?: string;
}

/** See {@link createDecider}. */
export type Decider = ReturnType<typeof createDecider>;

/**
 * Makes the decider of a policy. When the policy changes, by its file or by a group made private, make another.
 *
 * The rights of several roles add up; what any of them forbids is forbidden. An identity with a role that the policy does not have
 * has no rights: it may be a role that used to forbid. Groups count in both directions for comms, and `kernel` is a group of everything.
 * A message on another channel than its own needs the right to both.
 *
 * @throws TypeError when a role in the policy cannot be used.
 */
export function createDecider(policy: Policy) {
  const compiled = new Map<string, Rights>();
  for (const [name, role] of policy.roles) {
    if (role.name !== name) throw new TypeError(`The policy has a role ${role.name} under the name ${name}.`);
    if (!isRoleName(name)) throw new TypeError(`${quote(name)} is no name for a role.`);
    compiled.set(name, compileRights([role]));
  }
  const isKnown = (name: string): boolean => policy.roles.has(name);
  const rightsOf = (names: readonly string[]): Rights => {
    const key = names.join(',');
    let rights = compiled.get(key);
    if (rights === undefined) {
      if (compiled.size >= MAX_COMBINATIONS) compiled.clear();
      const roles = names.map((name) => policy.roles.get(name)).filter((role) => role !== undefined);
      compiled.set(key, (rights = compileRights(roles)));
    }
    return rights;
  };
  return {
    /** Takes a microsecond or two, looks at nothing but its arguments, and never throws for what comes off a wire. */
    decide(subject: Subject, act: Act): AccessDecision {
      // Before anything is looked up: names of the policy have no comma, so they join into one key only.
      const unknown = subject.roles.find((name) => !isKnown(name));
      if (unknown !== undefined) return refuse(`unknown role ${quote(unknown)}`, act);
      return decideMessage(rightsOf(subject.roles), policy.privateGroups, act);
    },
    /** True if `decide` allows to send this type, or may allow it, depending on the target of a comm. */
    maySend(subject: Subject, act: SendAct): boolean {
      if (!isCommType(act.msgType)) return this.decide(subject, act).allowed;
      return subject.roles.every(isKnown) && judgeSend(rightsOf(subject.roles), act, act.own ?? false).allowed;
    },
  };
}

/** Far more than a kernel has identities; so many are kept at once. */
const MAX_COMBINATIONS = 1024;

function decideMessage(rights: Rights, privateGroups: ReadonlySet<string>, act: Act): AccessDecision {
  if (isDisguised(act.msgType)) return refuse('no such message type', act);
  const own = act.own ?? false;
  const verdict = act.kind === 'send' ? judgeSend(rights, act, own) : rights.see(act.msgType, own);
  if (!verdict.allowed) return refuse(verdict.rule, act);

  const isComm = isCommType(act.msgType);
  if (isComm) {
    const comm = rights.comm(act.commTarget);
    if (!comm.allowed) return refuse(comm.rule, act, ofTarget(act.commTarget));
  }
  if (privateGroups.size > 0) {
    for (const name of privateGroupsOf(act, isComm, privateGroups)) {
      const group = rights.group(name);
      if (!group.allowed) return refuse(group.rule, act, ofGroup(name));
    }
  }
  if (act.kind === 'see' && act.groups === 'malformed') {
    const group = rights.group(undefined);
    if (!group.allowed) return refuse(group.rule, act, ofGroup(undefined));
  }
  return verdict;
}

/** A message on another channel than its own needs the right to both: `shell.*` does not include `shutdown_request`. */
function judgeSend(rights: Rights, { channel, msgType }: SendAct, own: boolean): RuleDecision {
  const verdict = rights.send(channel, msgType, own);
  const home = homeChannel(channel, msgType);
  return verdict.allowed && home !== channel ? rights.send(home, msgType, own) : verdict;
}

/** The private ones among an act's groups; undefined for one that might be private, which is a comm of unknown target. */
function privateGroupsOf(
  act: Act,
  isComm: boolean,
  privateGroups: ReadonlySet<string>,
): readonly (string | undefined)[] {
  const named = act.kind === 'see' && act.groups !== 'malformed' ? (act.groups ?? []) : [];
  const groups: (string | undefined)[] = [KERNEL_GROUP, ...named].filter((name) => privateGroups.has(name));
  if (!isComm) return groups;
  if (act.commTarget === undefined) return [...groups, undefined];
  return privateGroups.has(commGroup(act.commTarget)) ? [...groups, commGroup(act.commTarget)] : groups;
}

function refuse(rule: string, act: Act, detail = ''): AccessDecision {
  const type = act.msgType.length > MAX_TYPE_LENGTH ? `${act.msgType.slice(0, MAX_TYPE_LENGTH)}…` : act.msgType;
  return { allowed: false, rule, missing: `${channelOf(act)}.${type}${detail}` };
}

const ofTarget = (target: string | undefined): string =>
  target === undefined ? ' of an unknown comm' : ` of comm target ${quote(target)}`;
const ofGroup = (name: string | undefined): string =>
  name === undefined ? ' of unknown groups' : ` of group ${quote(name)}`;

/** The `ename` of the reply to a request that its sender may not make. */
export const NOT_PERMITTED = 'NotPermitted';

/** The text of a refusal, for the refused client: `observer may not send shell.execute_request`. */
export function describeRefusal(subject: Subject, act: Act, decision: AccessDecision): string {
  const who = subject.roles.length > 0 ? subject.roles.join(' and ') : subject.name;
  return `${who} may not ${act.kind} ${decision.missing ?? act.msgType}`;
}
