import { printableType, SEND_CHANNELS } from '../policy/message-types.js';

/** What an audit tells of. */
export const AUDIT_EVENTS = [
  'accept', // a client connected, by all its sockets
  'refuse', // a stranger, or a client from elsewhere, was not let in
  'leave',
  'deny', // a client asked for what it may not do
  'grant',
  'revoke',
  'rotate',
  'role',
  'topic', // a group was made private or public
  'policy', // another policy, or a broken file and the one before it
  'admin', // an administrative request that changes nothing
  'alarm', // something that somebody should look at
] as const;

/** One of {@link AUDIT_EVENTS}. */
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** One line's worth of an audit: who did what, never code, output or a secret. */
export interface AuditRecord {
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** The kernel's id. */
  readonly kernel: string;
  readonly event: AuditEvent;
  readonly identity?: string;
  /** Of the client's key, as {@link fingerprint} makes it. */
  readonly fingerprint?: string;
  readonly address?: string;
  readonly channel?: string;
  /** Those that a client came by, or left. */
  readonly channels?: readonly string[];
  /** The type of the message; for `topic` the name of the group. */
  readonly type?: string;
  readonly verdict: 'allowed' | 'refused';
  /** The rule that decided, as a decision names it, or the reason in a word. */
  readonly rule?: string;
  /** How many events this stands for; absent for one. */
  readonly count?: number;
}

const CHANNELS: readonly string[] = [...SEND_CHANNELS, 'iopub', 'heartbeat'];
const FINGERPRINT = /^SHA256:[\w-]{16}$/;
const MAX_LENGTHS = { kernel: 64, identity: 64, address: 64, topic: 128, rule: 256 } as const;

/**
 * The record that these facts make: known fields only, cut to length, and message types reduced to their usual characters, so that
 * whoever sends odd ones writes nothing into the audit. Throws TypeError for what no client can cause: an unknown event or
 * channel, a fingerprint that is none (a key, say), a time that is none.
 */
export function createAuditRecord(facts: AuditRecord): AuditRecord {
  if (!AUDIT_EVENTS.includes(facts.event)) throw new TypeError('An audit record has an event that is not known.');
  const told = [...(facts.channels ?? []), ...(facts.channel === undefined ? [] : [facts.channel])];
  if (!told.every((channel) => CHANNELS.includes(channel))) {
    throw new TypeError('An audit record has a channel that is not known.');
  }
  if (facts.fingerprint !== undefined && !FINGERPRINT.test(facts.fingerprint)) {
    throw new TypeError('An audit record has a fingerprint that is none.');
  }
  const { identity, fingerprint, address, channel, channels, type, rule, count } = facts;
  return {
    time: new Date(checkTime(facts.time)).toISOString(),
    kernel: cut(facts.kernel, MAX_LENGTHS.kernel),
    event: facts.event,
    ...(identity === undefined ? {} : { identity: cut(identity, MAX_LENGTHS.identity) }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(address === undefined ? {} : { address: cut(address, MAX_LENGTHS.address) }),
    ...(channel === undefined ? {} : { channel }),
    ...(channels === undefined ? {} : { channels }),
    // The name of a topic has been checked; a message type is whatever a client sent.
    ...(type === undefined
      ? {}
      : { type: facts.event === 'topic' ? cut(type, MAX_LENGTHS.topic) : printableType(type) }),
    verdict: facts.verdict === 'allowed' ? 'allowed' : 'refused',
    ...(rule === undefined ? {} : { rule: cut(rule, MAX_LENGTHS.rule) }),
    ...(count === undefined || count <= 1 ? {} : { count }),
  };
}

function checkTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new TypeError('An audit record has a time that is none.');
  return time;
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
