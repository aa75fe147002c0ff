import { randomUUID } from 'node:crypto';
import type { Header, Message, ParentHeader, RequestChannel } from '../protocol/message.js';
import { isRequestType } from '../protocol/message.js';
import type { Request } from '../server/backend.js';

/** What is kept of a request: not its content. */
export type SentRequest = Pick<Request, 'channel' | 'client' | 'identity' | 'grant' | 'reply' | 'ask'> & {
  /** As its sender is to be answered. */
  readonly header: Header;
};

/** The requests that went to the inner kernel, by the ids they have there. */
export interface RequestTable {
  /** Takes note of a request; returns the header for the inner kernel. */
  admit(request: Request): Header;
  /** The request that a reply on this channel answers, which is not waited for any more then. */
  takeReplied(channel: RequestChannel, parent: ParentHeader): SentRequest | undefined;
  /** The request with this id in the inner kernel. */
  find(parent: ParentHeader): SentRequest | undefined;
  /** The parent header of an output, as the client that caused it wrote it. */
  originalParent(parent: ParentHeader): ParentHeader;
  /** Forgets the requests of a grant, whose clients are gone. */
  forget(grant: string): void;
}

/** The most requests of one identity that are remembered, and characters of their headers. Older ones are forgotten first. */
const MOST_REQUESTS = 16_384;
const MOST_CHARACTERS = 8 * 2 ** 20;

interface Entry {
  readonly innerId: string;
  readonly last: SentRequest;
  /** Those with this id that wait for a reply: a client may use an id again. */
  readonly waiting: SentRequest[];
  readonly characters: number;
}

/**
 * Remembers requests. Ids are passed as they are, since code in the kernel may tell a front end the id of its request, as the Output widget
 * does; only where another client used the same id not long ago, the kernel sees another one.
 */
export function createRequestTable(): RequestTable {
  const byId = new Map<string, Entry>();
  /** Each identity's, oldest first: none can have those of another forgotten. */
  const byIdentity = new Map<string, { readonly entries: Set<Entry>; characters: number }>();

  const remove = (entry: Entry): void => {
    byId.delete(entry.innerId);
    const own = byIdentity.get(entry.last.identity);
    if (own?.entries.delete(entry) !== true) return;
    own.characters -= entry.characters;
    if (own.entries.size === 0) byIdentity.delete(entry.last.identity);
  };
  const add = (entry: Entry): void => {
    byId.set(entry.innerId, entry);
    const { identity } = entry.last;
    const own = byIdentity.get(identity) ?? { entries: new Set<Entry>(), characters: 0 };
    byIdentity.set(identity, own);
    own.entries.add(entry);
    own.characters += entry.characters;
    for (const oldest of own.entries) {
      if (own.entries.size <= MOST_REQUESTS && own.characters <= MOST_CHARACTERS) break;
      if (oldest !== entry) remove(oldest);
    }
  };
  const find = ({ msg_id: id }: ParentHeader): Entry | undefined => (id === undefined ? undefined : byId.get(id));

  return {
    admit({ channel, client, identity, grant, reply, ask, message: { header } }) {
      const sent: SentRequest = { channel, client, identity, grant, reply, ask, header };
      const known = byId.get(header.msg_id);
      const isMine = known === undefined || known.last.client === client;
      const innerId = isMine ? header.msg_id : `${identity}/${randomUUID()}`;
      const waiting = isMine ? (known?.waiting ?? []) : [];
      if (isRequestType(header.msg_type)) waiting.push(sent);
      if (isMine && known) remove(known);
      add({ innerId, last: sent, waiting, characters: JSON.stringify(header).length });
      return isMine ? header : { ...header, msg_id: innerId };
    },
    takeReplied(channel, parent) {
      const waiting = find(parent)?.waiting;
      const at = waiting?.findIndex((sent) => sent.channel === channel) ?? -1;
      return at < 0 ? undefined : waiting?.splice(at, 1)[0];
    },
    find: (parent) => find(parent)?.last,
    originalParent(parent) {
      const header = find(parent)?.last.header;
      return header !== undefined && header.username === parent.username ? header : parent;
    },
    forget(grant) {
      for (const entry of byId.values()) if (entry.last.grant === grant) remove(entry);
    },
  };
}

/** The message with another header. */
export const withHeader = (message: Message, header: Header): Message =>
  header === message.header ? message : { ...message, header };

/** The message with another parent. */
export const withParentHeader = (message: Message, parent: ParentHeader): Message =>
  parent === message.parent_header ? message : { ...message, parent_header: parent };
