import type { JsonObject, Message } from '../../protocol/message.js';
import { acceptReply } from './access-refusal.js';
import type { ControlClient } from './control-client.js';
import { deferred } from '../../support/deferred.js';
import { optionalText, readTexts } from './reply-fields.js';
import { settlesWithin } from '../../support/settles-within.js';

/** Something that happened at a kernel's doors, as its audit has it. Never code, output or a secret. */
export interface AccessEvent {
  /** ISO 8601 in UTC. */
  readonly time: string;
  /** `accept`, `leave`, `refuse`, `deny`, `grant`, `revoke`, `rotate`, `role`, `topic`, `policy`, `admin` or `alarm`. */
  readonly event: string;
  readonly identity?: string;
  /** Of the key that was used. */
  readonly fingerprint?: string;
  readonly address?: string;
  readonly channel?: string;
  /** Of a client that came or left: its sockets. */
  readonly channels?: readonly string[];
  /** The type of the message. */
  readonly type?: string;
  readonly verdict?: string;
  /** What decided. */
  readonly rule?: string;
  /** How many events this stands for, where it is more than one. */
  readonly count?: number;
}

/** The type of the kernel's messages about them, which is also their topic. */
export const ACCESS_EVENT = 'curve_event';

type Listen = (event: AccessEvent) => void;

/** Hears what a kernel publishes, and tells those who watch of its access events. */
export class AccessEvents {
  readonly #listening = new Set<Listen>();
  readonly #heard = deferred<undefined>();

  /** Takes one message from iopub. */
  receive(message: Message): void {
    this.#heard.resolve(undefined);
    if (message.header.msg_type !== ACCESS_EVENT) return;
    const event = readEvent(message.content);
    if (event) for (const listen of this.#listening) listen(event);
  }

  /** Asks the kernel for its events, and tells `listen`. Resolves with the way to stop it. Throws as the control line does. */
  async watch(line: ControlClient, listen: Listen, timeout: number): Promise<() => Promise<void>> {
    this.#listening.add(listen);
    try {
      await ask(line, true);
    } catch (error) {
      this.#listening.delete(listen);
      throw error;
    }
    // The subscription may arrive after the request, which came by another connection. What is heard first says that it is there.
    await settlesWithin(this.#heard.promise, timeout);
    return async () => {
      this.#listening.delete(listen);
      if (this.#listening.size === 0) await ask(line, false);
    };
  }
}

async function ask(line: ControlClient, watch: boolean): Promise<void> {
  acceptReply('curve_watch_request', await line.ask('curve_watch_request', { watch }));
}

const TEXTS = ['identity', 'fingerprint', 'address', 'channel', 'type', 'verdict', 'rule'] as const;

function readEvent(content: JsonObject): AccessEvent | undefined {
  const [time, event] = [optionalText(content, 'time'), optionalText(content, 'event')];
  if (time === undefined || event === undefined) return undefined;
  const texts = TEXTS.map((field) => [field, optionalText(content, field)]).filter(([, text]) => text !== undefined);
  const { count } = content;
  const channels = content['channels'] === undefined ? {} : { channels: readTexts(content['channels']) };
  return { time, event, ...Object.fromEntries(texts), ...channels, ...(typeof count === 'number' ? { count } : {}) };
}
