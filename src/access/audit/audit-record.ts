import type { AccessEvent } from '../requests/access-event.js';
import { printableType, SEND_CHANNELS } from '../policy/message-types.js';
import { definedOnly } from '../../support/defined-only.js';

/** The events of an audit. */
export const AUDIT_EVENTS = [
  'accept', // a client connected, by all its sockets
  'refuse', // a stranger, or a client from another address, was not admitted
  'leave',
  'deny', // a client asked for what it may not do
  'grant',
  'revoke',
  'rotate',
  'role',
  'topic', // a group was made private or public
  'policy', // another policy, or a broken file and the one before it
  'admin', // an administrative request that changes nothing
  'alarm', // a problem that the owner should look at
] as const;

/** One of {@link AUDIT_EVENTS}. */
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** One line of an audit: who did what, never code, output or a secret. */
export interface AuditRecord extends AccessEvent {
  readonly event: AuditEvent;
  readonly verdict: 'allowed' | 'refused';
}

const CHANNELS: readonly string[] = [...SEND_CHANNELS, 'iopub', 'heartbeat'];
const FINGERPRINT = /^SHA256:[\w-]{16}$/;
const MAX_LENGTHS = { kernel: 64, identity: 64, address: 64, topic: 128, rule: 256 } as const;

/**
 * The record that these facts make: known fields only, cut to length, and message types reduced to their usual characters, so that
 * a client cannot write its own text into the audit. Throws TypeError for what no client can cause: an unknown event or
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
  return definedOnly({
    time: new Date(checkTime(facts.time)).toISOString(),
    kernel: cutTo(MAX_LENGTHS.kernel, facts.kernel) ?? '',
    event: facts.event,
    identity: cutTo(MAX_LENGTHS.identity, identity),
    fingerprint,
    address: cutTo(MAX_LENGTHS.address, address),
    channel,
    channels,
    // The name of a topic has been checked; a message type is any text that a client sent.
    type: facts.event === 'topic' ? cutTo(MAX_LENGTHS.topic, type) : type === undefined ? type : printableType(type),
    verdict: facts.verdict === 'allowed' ? ('allowed' as const) : ('refused' as const),
    rule: cutTo(MAX_LENGTHS.rule, rule),
    count: count === undefined || count <= 1 ? undefined : count,
  });
}

function checkTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new TypeError('An audit record has a time that is none.');
  return time;
}

const cutTo = (length: number, text: string | undefined): string | undefined =>
  text === undefined || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
