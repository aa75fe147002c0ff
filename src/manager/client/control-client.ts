import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { createMessage } from '../../protocol/create-message.js';
import { parentId, type Channel, type JsonObject, type Message } from '../../protocol/message.js';
import { openDialer, type Dialer } from '../../transport/client/dialer.js';
import { deferred } from '../../support/deferred.js';
import { LONGEST_TIMER, startTimer } from '../../support/start-timer.js';
import { messageUnreadableError, unreadableMessage } from './unreadable-message.js';

/** How a {@link ControlClient} is opened. */
export interface ControlClientOptions {
  readonly connection: ConnectionInfo;
  /** Our own pair, where the connection is a grant to it. */
  readonly client?: CurvePair;
  /** Milliseconds for the handshakes, and for each reply. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** What the kernel publishes; a line is also a listener, to these topics alone. */
  readonly published?: { readonly topics: readonly string[]; readonly receive: (message: Message) => void };
}

/** Connects to a kernel to ask it things on its control channel. Throws `peer-*` as {@link openDialer} does, or the reason of the signal. */
export async function openControlClient(options: ControlClientOptions): Promise<ControlClient> {
  const line = new ControlClient(options);
  await line.open();
  return line;
}

interface Asked {
  readonly resolve: (content: JsonObject) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection to a kernel on which it is asked things. Made by {@link openControlClient}. */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #session = randomUUID();
  readonly #asked = new Map<string, Asked>();
  #dialer: Dialer | undefined;

  /** @internal */
  constructor(options: ControlClientOptions) {
    this.#options = options;
  }

  /** @internal */
  async open(): Promise<void> {
    const { connection, client, timeout, signal, published } = this.#options;
    this.#dialer = await openDialer({
      connection,
      timeout: Math.min(timeout, LONGEST_TIMER),
      routingId: this.#session,
      topics: published?.topics ?? [],
      ...(client === undefined ? {} : { client }),
      ...(signal === undefined ? {} : { signal }),
      onMessage: (channel, message) => {
        if (channel === 'iopub') published?.receive(message);
        else if (channel === 'control') this.#asked.get(parentId(message) ?? '')?.resolve(message.content);
      },
      onEvent: (event) => {
        if (event.kind === 'message-rejected') this.#reject(event.channel, event.error);
        else if (event.kind === 'handler-failed') uncaught(event.error);
      },
      onFailure: (error) => {
        for (const { reject } of this.#asked.values()) reject(error);
      },
    });
  }

  /**
   * The content of the kernel's reply, whatever its status is. Throws `peer-silent` when none comes in time, `peer-lost`, the reason of
   * the signal that the line was opened with, `transport-closed`, `message-unreadable`.
   */
  async ask(msgType: string, question: JsonObject): Promise<JsonObject> {
    const { timeout, signal } = this.#options;
    signal?.throwIfAborted();
    const request = createMessage({ session: this.#session, username: 'manager' }, msgType, question);
    const { promise, resolve, reject } = deferred<JsonObject>();
    this.#asked.set(request.header.msg_id, { resolve, reject });
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    const stop = startTimer(timeout, () => reject(silent(msgType, timeout)));
    try {
      const [content] = await Promise.all([promise, this.#dialer?.send('control', request)]);
      return content;
    } finally {
      stop();
      signal?.removeEventListener('abort', abort);
      this.#asked.delete(request.header.msg_id);
    }
  }

  /** A reply that cannot be read is the answer to what it names, or to what was asked first. */
  #reject(channel: Channel, cause: CurveKernelError): void {
    const found = unreadableMessage(cause);
    if (channel !== 'control' || found === undefined) return;
    const [first] = this.#asked.values();
    const asked = found.parentId === undefined ? first : this.#asked.get(found.parentId);
    asked?.reject(messageUnreadableError(channel, cause));
  }

  /** Hangs up. What was asked and not answered is rejected. */
  async close(): Promise<void> {
    for (const { reject } of this.#asked.values()) reject(closed());
    await this.#dialer?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const uncaught = (error: unknown): void =>
  queueMicrotask(() => {
    throw error;
  });

const silent = (msgType: string, timeout: number): CurveKernelError =>
  new CurveKernelError('peer-silent', `The kernel has not answered ${msgType} within ${timeout} ms.`, {
    hint: 'It may be busy or hang: ask again, or look at the process of the kernel.',
    data: { msgType },
  });

const closed = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'The connection to the kernel was closed.', { hint: 'Open a new one.' });
