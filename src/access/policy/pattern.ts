import type { Channel } from '../../protocol/message.js';
import { compileGlob, type Glob } from '../../support/glob.js';
import { isAdminType, isDisguised } from './message-types.js';
import { quote } from '../quote.js';

/** What `send` and `see` lists are made of: `[!]channel.msg_type[ own]`. */
export interface MessagePattern {
  readonly text: string;
  /** Begins with `!`: what it fits is refused, whatever else allows it. */
  readonly deny: boolean;
  /** Ends with ` own`: fits only what concerns the identity's own requests. */
  readonly own: boolean;
  /** The half after the dot, as written. */
  readonly type: string;
  matches(channel: Channel, msgType: string, own: boolean): boolean;
}

/** What `comms` and `groups` lists are made of: `[!]name`. */
export interface NamePattern {
  readonly text: string;
  readonly deny: boolean;
  /** It is `*`, which fits also what has no proper name. */
  readonly everything: boolean;
  readonly matches: Glob;
}

const MESSAGE = /^(?<deny>!?)(?<channel>[a-z*]+)\.(?<type>[\w.*-]+)(?<own> own)?$/;
const NAME = /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u;
const MAX_PATTERN_LENGTH = 160;

/**
 * Compiles a pattern of a `send` list (`channels` are shell, control, stdin) or a `see` list (iopub). `*` stands for any text
 * within its half. Administrative requests (`curve_…`) are allowed only by patterns that spell out `curve_`, so that
 * `control.*` makes nobody an admin; to forbid, `!control.*` fits them too.
 *
 * @throws TypeError that says what is wrong with the text, also for a channel that is none of `channels`.
 */
export function compileMessagePattern(text: string, channels: readonly Channel[]): MessagePattern {
  const parts = text.length <= MAX_PATTERN_LENGTH ? MESSAGE.exec(text)?.groups : undefined;
  if (!parts) throw new TypeError(`${quote(text)} is no pattern: [!]channel.msg_type[ own] is wanted`);
  const { channel = '', type = '' } = parts;
  const deny = parts['deny'] === '!';
  const own = parts['own'] !== undefined;
  const fitting = new Set(channels.filter(compileGlob(channel)));
  const fitsType = compileGlob(type);
  if (fitting.size === 0) {
    throw new TypeError(`${quote(text)} names no channel of this list, which are ${channels.join(', ')}`);
  }
  if (!type.includes('*') && isDisguised(type))
    throw new TypeError(`${quote(text)} can fit nothing: message types are in lower case`);
  const admin = deny || isAdminType(type);
  return {
    text,
    deny,
    own,
    type,
    matches: (onChannel, msgType, isOwn) =>
      (isOwn || !own) && fitsType(msgType) && fitting.has(onChannel) && (admin || !isAdminType(msgType)),
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
