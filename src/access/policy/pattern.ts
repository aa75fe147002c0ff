import type { Channel } from '../../protocol/message.js';
import { compileGlob, type Glob } from '../../support/glob.js';
import { isAdminType, isDisguised } from './message-types.js';
import { quote } from '../quote.js';

/** An entry of a `send` or `see` list: `[!]channel.msg_type[ own]`. */
export interface MessagePattern {
  readonly text: string;
  /** Begins with `!`: what matches it is refused, whatever else allows it. */
  readonly deny: boolean;
  /** Ends with ` own`: matches only what concerns the identity's own requests. */
  readonly own: boolean;
  /** The half after the dot, as written. */
  readonly type: string;
  matches(channel: Channel, msgType: string, own: boolean): boolean;
}

/** An entry of a `comms` or `groups` list: `[!]name`. */
export interface NamePattern {
  readonly text: string;
  readonly deny: boolean;
  /** It is `*`, which matches also what has no proper name. */
  readonly everything: boolean;
  readonly matches: Glob;
}

const MESSAGE = /^(?<deny>!?)(?<channel>[a-z*]+)\.(?<type>[\w.*-]+)(?<own> own)?$/;
const NAME = /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u;
const MAX_PATTERN_LENGTH = 160;

/**
 * Compiles a pattern of a `send` list (`channels` are shell, control, stdin) or a `see` list (iopub). `*` stands for any text
 * within its half. Administrative requests (`curve_…`) are allowed only by patterns that spell out `curve_`, so that
 * `control.*` gives no right to administrate; to forbid, `!control.*` matches them too.
 *
 * @throws TypeError that says what is wrong with the text, also for a channel that is none of `channels`.
 */
export function compileMessagePattern(text: string, channels: readonly Channel[]): MessagePattern {
  const parts = text.length <= MAX_PATTERN_LENGTH ? MESSAGE.exec(text)?.groups : undefined;
  if (!parts) throw new TypeError(`${quote(text)} is no pattern: [!]channel.msg_type[ own] is wanted`);
  const { channel = '', type = '' } = parts;
  const deny = parts['deny'] === '!';
  const own = parts['own'] !== undefined;
  const matchingChannels = new Set(channels.filter(compileGlob(channel)));
  const matchesType = compileGlob(type);
  if (matchingChannels.size === 0) {
    throw new TypeError(`${quote(text)} names no channel of this list, which are ${channels.join(', ')}`);
  }
  if (!type.includes('*') && isDisguised(type))
    throw new TypeError(`${quote(text)} can match nothing: message types are in lower case`);
  const admin = deny || isAdminType(type);
  return {
    text,
    deny,
    own,
    type,
    matches: (onChannel, msgType, isOwn) =>
      (isOwn || !own) && matchesType(msgType) && matchingChannels.has(onChannel) && (admin || !isAdminType(msgType)),
  };
}

/** Compiles a pattern of a `comms` or `groups` list. Throws TypeError that says what is wrong with the text. */
export function compileNamePattern(text: string): NamePattern {
  const deny = text.startsWith('!');
  const name = deny ? text.slice(1) : text;
  if (name.length > MAX_PATTERN_LENGTH || !NAME.test(name))
    throw new TypeError(`${quote(text)} is no name or pattern of names`);
  return { text, deny, everything: name === '*', matches: compileGlob(name) };
}
