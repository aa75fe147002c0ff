import { groupsOf, MAX_GROUPS, type Groups } from '../../access/policy/groups.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import type { JsonObject, Message } from '../../protocol/message.js';

/** More displays with groups than any notebook has. Updates of those beyond are for who may see every group. */
const MAX_DISPLAYS = 65_536;

/**
 * Returns a function that finds the groups of an output that is about to be published, with those that displays of its id have had before:
 * an update of a private output is private too.
 */
export function trackDisplayGroups(): (message: Message) => Groups {
  const known = new Map<string, Groups>();
  let isFull = false;
  return (message) => {
    const own = groupsOf(message);
    // No display has groups yet, so its id need not be read.
    if (own.length === 0 && known.size === 0 && !isFull) return own;
    const id = displayId(message.content);
    if (id === undefined) return own;
    const before = known.get(id) ?? (isFull ? 'malformed' : []);
    const all = union(before, own);
    if (all.length > 0) {
      if (known.has(id) || known.size < MAX_DISPLAYS) known.set(id, all);
      else isFull = true;
    }
    return all;
  };
}

function union(before: Groups, own: Groups): Groups {
  if (before === 'malformed' || own === 'malformed') return 'malformed';
  if (own.every((name) => before.includes(name))) return before;
  const all = [...new Set([...before, ...own])];
  return all.length > MAX_GROUPS ? 'malformed' : all;
}

function displayId({ transient }: JsonObject): string | undefined {
  const id = isJsonObject(transient) ? transient['display_id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
