import { textIn, textsIn } from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';

/** An event of access control, as in the audit. Never code, output or a secret. */
export interface AccessEvent {
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** The kernel's id. */
  readonly kernel: string;
  /** `accept`, `leave`, `refuse`, `deny`, `grant`, `revoke`, `rotate`, `role`, `topic`, `policy`, `admin` or `alarm`. */
  readonly event: string;
  readonly identity?: string;
  /** Fingerprint of the client's key. */
  readonly fingerprint?: string;
  readonly address?: string;
  readonly channel?: string;
  /** The sockets of a client that connected or left. */
  readonly channels?: readonly string[];
  /** The type of the message; for `topic` the name of the topic. */
  readonly type?: string;
  /** `allowed` or `refused`. */
  readonly verdict: string;
  /** The rule that decided, or the reason in a few words. */
  readonly rule?: string;
  /** Number of events that this one stands for. Default: 1. */
  readonly count?: number;
}

/** The content of the message that tells a watcher of an event. */
export function encodeAccessEvent({ channels, ...event }: AccessEvent): JsonObject {
  return { ...event, ...(channels && { channels: [...channels] }) };
}

/** The event in a message; undefined for one without time and event. Fields of another type count as absent. */
export function decodeAccessEvent(content: JsonObject): AccessEvent | undefined {
  const { count } = content;
  const text = (name: string): string | undefined => textIn(content[name]);
  const [time, event] = [text('time'), text('event')];
  if (time === undefined || event === undefined) return undefined;
  return definedOnly({
    time,
    kernel: text('kernel') ?? '',
    event,
    identity: text('identity'),
    fingerprint: text('fingerprint'),
    address: text('address'),
    channel: text('channel'),
    channels: content['channels'] === undefined ? undefined : textsIn(content['channels']),
    type: text('type'),
    verdict: text('verdict') ?? '',
    rule: text('rule'),
    count: typeof count === 'number' ? count : undefined,
  });
}
