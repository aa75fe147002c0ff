import type { Header, ParentHeader } from '../../protocol/message.js';

/** Readers refuse longer fields in a header. */
const MAX_FIELD_LENGTH = 1024;

/**
 * A request's header, which has the verified name, as others than its sender are shown it: id and session stand below that name.
 *
 * Front ends tell what is theirs by these two, and a sender chooses both. So no client is shown the plain id of
 * another, and an id that one client chooses is never one that another waits for.
 */
export function seenByOthers<Parent extends ParentHeader>(parent: Parent): Parent;
export function seenByOthers(parent: ParentHeader): ParentHeader {
  return isHeader(parent) ? { ...parent, msg_id: below(parent, 'msg_id'), session: below(parent, 'session') } : parent;
}

const below = (header: Header, field: 'msg_id' | 'session'): string =>
  `${header.username}/${header[field]}`.slice(0, MAX_FIELD_LENGTH);

const isHeader = (parent: ParentHeader): parent is Header => parent.msg_id !== undefined;
