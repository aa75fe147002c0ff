import { groupsOf, MOST_GROUPS, type Groups } from '../../access/policy/groups.js';
import type { JsonObject, Message } from '../../protocol/message.js';
import { isObject } from '../../support/is-object.js';

/** Which groups displays belong to that can be changed later: what is put in the place of a private output is private too. */
export interface DisplayGroups {
  /** The groups of an output that is about to be published, with those that displays of its id have had before. */
  of(message: Message): Groups;
}

/** More displays with groups than any notebook has. Updates of those beyond are for who may see every group. */
const MOST_DISPLAYS = 65_536;

/** Knows no display yet. */
export function createDisplayGroups(): DisplayGroups {
  const known = new Map<string, Groups>();
  let isFull = false;
  return {
    of(message) {
      const own = groupsOf(message);
      const id = displayId(message.content);
      if (id === undefined) return own;
      const before = known.get(id) ?? (isFull ? 'malformed' : []);
      const all = union(before, own);
      if (all.length > 0) {
        if (known.has(id) || known.size < MOST_DISPLAYS) known.set(id, all);
        else isFull = true;
      }
      return all;
    },
  };
}

function union(before: Groups, own: Groups): Groups {
  if (before === 'malformed' || own === 'malformed') return 'malformed';
  if (own.every((name) => before.includes(name))) return before;
  const all = [...new Set([...before, ...own])];
  return all.length > MOST_GROUPS ? 'malformed' : all;
}

function displayId({ transient }: JsonObject): string | undefined {
  const id = isObject(transient) ? transient['display_id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
