import type { AuditRecord } from '../../access/audit/audit-record.js';
import { printableType } from '../../access/policy/message-types.js';
import { isCurveKernelError } from '../../errors.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { SocketName } from '../../protocol/message.js';
import type { ListenerEvent } from '../../transport/server/listener-event.js';
import type { ClientGrant } from '../grants/client-grant.js';
import { errorCode } from '../../support/system-error.js';
import { reportUncaught } from '../../support/report-uncaught.js';

/** Something that is wrong, and what to do about it. */
export interface Alarm {
  readonly message: string;
  readonly hint: string;
}

/** The facts of an event beside its time and its kernel. */
export type EventFacts = Omit<AuditRecord, 'time' | 'kernel' | 'verdict'> & Partial<Pick<AuditRecord, 'verdict'>>;

/** Distributes access events, in their order: to the audit, to watchers, to the program that runs the kernel. */
export class Journal {
  readonly #kernel: string;
  readonly #onAlarm: (alarm: Alarm) => void;
  readonly #listeners = new Set<(event: AuditRecord) => void>();

  /** For the kernel of that name. `onAlarm` is called with every alarm, beside those who listen to all events; it must not throw. */
  constructor(kernel: string, onAlarm: (alarm: Alarm) => void = () => undefined) {
    this.#kernel = kernel;
    this.#onAlarm = onAlarm;
  }

  /** Calls `listener` with every event from now on. Returns a function that ends it. An error of one listener does not affect the others. */
  on(listener: (event: AuditRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Something happened; it was allowed unless `facts` say otherwise. */
  record(facts: EventFacts): void {
    const event: AuditRecord = { time: new Date().toISOString(), kernel: this.#kernel, verdict: 'allowed', ...facts };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  /** The same about a grant, after what is to be told of those who came by it. */
  about(grant: ClientGrant, facts: EventFacts): void {
    if (facts.event !== 'accept') grant.arrivals?.flush();
    const { identity } = grant;
    this.record({ identity, ...(grant.fingerprint !== undefined && { fingerprint: grant.fingerprint }), ...facts });
  }

  /** A client did, or wanted to see, what it may not. The type is the client's own text. */
  deny(grant: ClientGrant, { type, ...facts }: Required<Pick<AuditRecord, 'channel' | 'type' | 'rule'>>): void {
    this.about(grant, { event: 'deny', verdict: 'refused', ...facts, type: printableType(type) });
  }

  /** An error that a person should look at; what held before holds. */
  alarm(error: unknown, identity?: string): void {
    // Never more of another library's error than its code: its message may quote anything.
    const { message, hint } = isCurveKernelError(error) ? error : unforeseenAlarm(errorCode(error));
    this.raise({ message, hint }, identity === undefined ? {} : { identity });
  }

  /** The same in words of its own. */
  raise(alarm: Alarm, facts: Pick<EventFacts, 'identity' | 'channel'> = {}): void {
    this.record({ event: 'alarm', verdict: 'refused', rule: alarm.message, ...facts });
    this.#onAlarm(alarm);
  }

  /** A connection with another key, or from another address, was refused at a grant's sockets. */
  refuse(grant: ClientGrant, { socket, address, publicKey, limitExceeded }: RefusedPeer): void {
    const isHolder = publicKey !== undefined && publicKey === grant.terms.publicKey;
    const reason = isHolder ? 'not from this address, or not any more' : 'another key';
    this.refuseAt(grant, socket, limitExceeded ? 'too many connections' : reason, {
      address,
      ...(publicKey !== undefined && { fingerprint: fingerprint(publicKey) }),
    });
  }

  /** Connections to a socket of a grant were refused or ended, for that reason. */
  refuseAt(
    { identity }: ClientGrant,
    channel: SocketName,
    rule: string,
    peer: Pick<EventFacts, 'address' | 'fingerprint'> = {},
  ): void {
    this.record({ event: 'refuse', verdict: 'refused', identity, channel, ...peer, rule });
  }
}

const unforeseenAlarm = (errno: string): Alarm => ({
  message: `An operation of access control failed: ${errno}.`,
  hint: 'See the audit for the events before it.',
});

type RefusedPeer = Extract<ListenerEvent, { readonly address: string }>;
