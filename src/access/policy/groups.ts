import { quote } from '../quote.js';
import { mayMention } from '../../protocol/encoded-object.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import type { Json, JsonObject, Message } from '../../protocol/message.js';

/** The group that everything belongs to, sent or seen: while it is private, the kernel is. */
export const KERNEL_GROUP = 'kernel';

/** The group that a comm's messages belong to. */
export function commGroup(target: string): string {
  return `comm:${target}`;
}

/** The names of groups; `'malformed'` where they cannot be read, which only those may see who may see every group. */
export type Groups = readonly string[] | 'malformed';

/** An output belongs to at most so many. */
export const MAX_GROUPS = 64;
const GROUP_NAME = /^(?=.{1,128}$)[^\s!*\p{C}](?:[^*\p{C}]*[^\s*\p{C}])?$/u;
const NONE: readonly string[] = [];

/**
 * Returns a name that a group may have: 1 to 128 characters without `*`, control characters, blanks at either end and a `!` in
 * front. Throws TypeError otherwise.
 */
export function checkGroupName(name: string): string {
  if (GROUP_NAME.test(name)) return name;
  const rules = '1 to 128 characters, no "*", no "!" in front, no blanks at the ends';
  throw new TypeError(`${quote(name)} is no name for a group: ${rules}`);
}

/**
 * The groups that an output says it belongs to: in its metadata, or in its content's as `display_data` has them. `'malformed'`
 * for anything but lists of at most {@link MAX_GROUPS} proper names.
 */
export function groupsOf(message: Pick<Message, 'metadata' | 'content'>): Groups {
  // What passes as bytes is read only if it may have groups.
  const [outside, content] = [message.metadata, message.content];
  const outer = mayMention(outside, 'groups') ? read(outside) : NONE;
  const shown = mayMention(content, 'groups') ? content['metadata'] : undefined;
  const inner = isJsonObject(shown) ? read(shown) : NONE;
  if (outer === 'malformed' || inner === 'malformed') return 'malformed';
  return inner.length === 0 ? outer : [...outer, ...inner];
}

function read(metadata: JsonObject): Groups {
  const groups = metadata['groups'];
  if (groups === undefined) return NONE;
  if (!isList(groups) || groups.length > MAX_GROUPS) return 'malformed';
  return groups.every(isGroupName) ? groups : 'malformed';
}

const isGroupName = (value: Json): value is string => typeof value === 'string' && GROUP_NAME.test(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
