import type { Channel } from '../../protocol/message.js';
import { isKnownType } from './message-types.js';
import { compileNamePattern, type MessagePattern, type NamePattern } from './pattern.js';
import { compileSee, compileSend, type Role } from './role.js';

/** A decision, and the rule that decided. */
export interface RuleDecision {
  readonly allowed: boolean;
  /** Role and pattern, such as `executor: shell.*`; `no rule` when nothing allows it. */
  readonly rule: string;
}

/** See {@link compileRights}. */
export type Rights = ReturnType<typeof compileRights>;

/** The result when no rule matches. */
const NO_RULE: RuleDecision = { allowed: false, rule: 'no rule' };

interface Rule<P> {
  readonly pattern: P;
  readonly verdict: RuleDecision;
}

/** The rights of some roles together: what any of them allows and none forbids. Throws TypeError unless every pattern can be used. */
export function compileRights(roles: readonly Role[]) {
  const send = compileRules(roles, (role) => role.send.map((text) => compileSend(text, role.readOnly ?? false)));
  const see = compileRules(roles, (role) => role.see.map(compileSee));
  const comms = compileRules(roles, (role) => role.comms.map(compileNamePattern));
  const groups = compileRules(roles, (role) => role.groups.map(compileNamePattern));
  const seen = rememberKnown((channel, msgType, own) => judge(see, (one) => one.matches(channel, msgType, own)));
  return {
    send: rememberKnown((channel, msgType, own) => judge(send, (one) => one.matches(channel, msgType, own))),
    see: (msgType: string, own: boolean): RuleDecision => seen('iopub', msgType, own),
    /** With undefined for a comm whose target is not known: what may use every target may use it. */
    comm: (target: string | undefined): RuleDecision => judgeName(comms, target),
    /** With undefined for groups that cannot be read: who may see every group may see it. */
    group: (name: string | undefined): RuleDecision => judgeName(groups, name),
  };
}

type JudgeMessage = (channel: Channel, msgType: string, own: boolean) => RuleDecision;

/** Only types of the protocol are remembered, and those are few: made-up types fill no memory. */
function rememberKnown(judgeMessage: JudgeMessage): JudgeMessage {
  const verdicts = new Map<string, RuleDecision>();
  return (channel, msgType, own) => {
    if (!isKnownType(msgType)) return judgeMessage(channel, msgType, own);
    const key = `${channel}.${msgType}${own ? ' own' : ''}`;
    let verdict = verdicts.get(key);
    if (verdict === undefined) verdicts.set(key, (verdict = judgeMessage(channel, msgType, own)));
    return verdict;
  };
}

/** Rules that forbid come first, so that the first one that matches decides. */
function compileRules<P extends MessagePattern | NamePattern>(
  roles: readonly Role[],
  compile: (role: Role) => readonly P[],
): readonly Rule<P>[] {
  const rules = roles.flatMap((role) =>
    compile(role).map((pattern) => ({
      pattern,
      verdict: { allowed: !pattern.deny, rule: `${role.name}: ${pattern.text}` },
    })),
  );
  return [...rules.filter(({ pattern }) => pattern.deny), ...rules.filter(({ pattern }) => !pattern.deny)];
}

function judge<P>(rules: readonly Rule<P>[], matches: (pattern: P) => boolean): RuleDecision {
  for (const { pattern, verdict } of rules) if (matches(pattern)) return verdict;
  return NO_RULE;
}

/** An unknown name might be any: every rule that forbids matches it, and of those that allow only `*`. */
function judgeName(rules: readonly Rule<NamePattern>[], name: string | undefined): RuleDecision {
  return judge(rules, (pattern) => (name === undefined ? pattern.deny || pattern.everything : pattern.matches(name)));
}
