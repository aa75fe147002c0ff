/**
 * What a policy allows, worked out from docs/policy.md and by none of the code that is tested: patterns, `own`, `!`, comms, groups, and
 * where a message belongs.
 */
import { parse } from 'yaml';
import type { RequestChannel } from '#src/protocol/message.js';

interface Role {
  readonly send: readonly string[];
  readonly see: readonly string[];
  readonly comms: readonly string[];
  readonly groups: readonly string[];
}

/** The table of the built-in roles in docs/policy.md. */
const EVERYTHING: Role = { send: ['*.*', 'control.curve_*'], see: ['iopub.*'], comms: ['*'], groups: ['*'] };
const OWN_WAYS = ['shell.*', 'stdin.*', 'control.interrupt_request own', 'control.kernel_info_request'];
const BUILT_IN: Readonly<Record<string, Partial<Role>>> = {
  owner: EVERYTHING,
  admin: EVERYTHING,
  executor: { send: [...OWN_WAYS, 'control.*_subshell_request'], see: ['iopub.*'], comms: ['*'] },
  observer: { send: ['shell.kernel_info_request', 'control.kernel_info_request'], see: ['iopub.*'] },
};

/** What the protocol has on these channels only; everything else belongs on shell, and on control too. */
const ON_CONTROL = /^(?:shutdown|interrupt|debug|usage|(?:create|delete|list)_subshell|curve_[a-z]+)_request$/;
const MADE_UP = 'curve_made_up_request';
const homeOf = (msgType: string): string | undefined =>
  msgType === 'input_reply' ? 'stdin' : ON_CONTROL.test(msgType) && msgType !== MADE_UP ? 'control' : undefined;

const SHELL_TYPES =
  /^(?:(?:execute|inspect|complete|history|is_complete|connect|comm_info|kernel_info)_request|comm_(?:open|msg|close))$/;

/** A message: of a comm its target, unless nobody knows it; of an output its groups, unless they cannot be read. */
export interface Facts {
  readonly own?: boolean;
  readonly target?: string;
  readonly groups?: readonly string[] | 'malformed';
}

export interface Oracle {
  readonly roles: readonly string[];
  maySend(role: string, channel: RequestChannel, msgType: string, facts?: Facts): boolean;
  maySee(role: string, msgType: string, facts?: Facts): boolean;
}

/** Reads a policy file. */
export function createOracle(policy: string): Oracle {
  const { roles, private: privateGroups = [] }: { roles: Record<string, Partial<Role>>; private?: string[] } =
    parse(policy);
  const all = new Map(Object.entries({ ...BUILT_IN, ...roles }));
  const lists = (role: string): Role => ({ send: [], see: [], comms: [], groups: [], ...all.get(role) });

  const mayUse = ({ comms, groups }: Role, msgType: string, { target, groups: named = [] }: Facts): boolean => {
    if (named === 'malformed' && !names(groups, undefined)) return false;
    const hidden = named === 'malformed' ? [] : named.filter((name) => privateGroups.includes(name));
    if (!hidden.every((name) => names(groups, name))) return false;
    if (!/^comm_(?:open|msg|close)$/.test(msgType)) return true;
    // One of unknown target may be of a private group, if there is any.
    if (target === undefined)
      return names(comms, undefined) && (privateGroups.length === 0 || names(groups, undefined));
    return names(comms, target) && (!privateGroups.includes(`comm:${target}`) || names(groups, `comm:${target}`));
  };
  return {
    roles: [...all.keys()],
    maySend(role, channel, msgType, facts = {}) {
      const rights = lists(role);
      const on = (where: string): boolean => messages(rights.send, where, msgType, facts.own ?? false);
      const home = SHELL_TYPES.test(msgType) ? (channel === 'stdin' ? 'shell' : channel) : (homeOf(msgType) ?? channel);
      return on(channel) && on(home) && mayUse(rights, msgType, facts);
    },
    maySee(role, msgType, facts = {}) {
      const rights = lists(role);
      return messages(rights.see, 'iopub', msgType, facts.own ?? false) && mayUse(rights, msgType, facts);
    },
  };
}

/** `[!]channel.type[ own]`: one that forbids wins, one that allows is needed, and `curve_` has to be spelled out. */
function messages(patterns: readonly string[], channel: string, msgType: string, own: boolean): boolean {
  const fits = (pattern: string): boolean => {
    const [, onChannel = '', type = '', onlyOwn] = /^!?([^.]+)\.(\S+)( own)?$/.exec(pattern) ?? [];
    const spelledOut = pattern.startsWith('!') || !msgType.startsWith('curve_') || type.startsWith('curve_');
    return glob(onChannel, channel) && glob(type, msgType) && spelledOut && (onlyOwn === undefined || own);
  };
  return decide(patterns, fits);
}

/** A list of names; what has none is allowed by `*` only, and forbidden by anything. */
const names = (patterns: readonly string[], name: string | undefined): boolean =>
  decide(patterns, (pattern) =>
    name === undefined ? pattern === '*' || pattern.startsWith('!') : glob(pattern.replace(/^!/, ''), name),
  );

const decide = (patterns: readonly string[], fits: (pattern: string) => boolean): boolean =>
  patterns.some((one) => !one.startsWith('!') && fits(one)) &&
  !patterns.some((one) => one.startsWith('!') && fits(one));

const glob = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[^\w]/g, String.raw`\$&`))
      .join('.*')}$`,
  ).test(text);
