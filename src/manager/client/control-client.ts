import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { createMessage } from '../../protocol/create-message.js';
import { parentId, type Channel, type JsonObject, type Message } from '../../protocol/message.js';
import { openDialer, type Dialer } from '../../transport/client/dialer.js';
import { deferred } from '../../support/deferred.js';
import { definedOnly } from '../../support/defined-only.js';
import { reportUncaught } from '../../support/report-uncaught.js';
import { startTimer } from '../../support/timers.js';
import { messageUnreadableError, unreadableMessage } from '../../transport/client/unreadable-message.js';

/** Options of {@link openControlClient}. */
export interface ControlClientOptions {
  readonly connection: ConnectionInfo;
  /** The client's own pair, if the connection is a grant to it. Default: the pair of the connection. */
  readonly client?: CurvePair;
  /** Milliseconds for the handshakes, and for each reply. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Subscriptions on iopub; without them nothing is received there. */
  readonly published?: { readonly topics: readonly string[]; readonly receive: (message: Message) => void };
}

/** Connects to a kernel for requests on its control channel. @throws CurveKernelError `peer-*` as {@link openDialer} does; the reason of the signal. */
export async function openControlClient(options: ControlClientOptions): Promise<ControlClient> {
  const client = new ControlClient(options);
  await client.open();
  return client;
}

/**
 * Connects to a running kernel, sends one request on the control channel, and closes the connection. A manager needs no other connection, and
 * one that stays open would receive all output of the kernel.
 *
 * Returns the content of the reply. The timeout applies to the connection, and again to the reply.
 *
 * @throws CurveKernelError `peer-*`, `peer-silent` when no reply comes in time; the reason of `signal`, and then nothing more is sent.
 */
export async function askControl(
  options: ControlClientOptions,
  msgType: string,
  content: JsonObject,
): Promise<JsonObject> {
  await using client = await openControlClient(options);
  return await client.ask(msgType, content);
}

interface PendingReply {
  readonly resolve: (content: JsonObject) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection to a kernel's control channel. Created by {@link openControlClient}. */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #session = randomUUID();
  readonly #pending = new Map<string, PendingReply>();
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
      timeout,
      routingId: this.#session,
      topics: published?.topics ?? [],
      ...definedOnly({ client, signal }),
      onMessage: (channel, message) => {
        if (channel === 'iopub') published?.receive(message);
        else if (channel === 'control') this.#pending.get(parentId(message) ?? '')?.resolve(message.content);
      },
      onEvent: (event) => {
        if (event.kind === 'message-rejected') this.#reject(event.channel, event.error);
        else if (event.kind === 'handler-failed') reportUncaught(event.error);
      },
      onFailure: (error) => {
        for (const { reject } of this.#pending.values()) reject(error);
      },
    });
  }

  /**
   * Sends a request and returns the content of the reply, with any status.
   *
   * @throws CurveKernelError `peer-silent` when no reply comes in time, `peer-lost`, `transport-closed`, `message-unreadable`; the reason of
   *   the signal.
   */
  async ask(msgType: string, content: JsonObject): Promise<JsonObject> {
    const { timeout, signal } = this.#options;
    signal?.throwIfAborted();
    const request = createMessage({ session: this.#session, username: 'manager' }, msgType, content);
    const { promise, resolve, reject } = deferred<JsonObject>();
    this.#pending.set(request.header.msg_id, { resolve, reject });
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
    const stop = startTimer(timeout, () => reject(noReplyError(msgType, timeout)));
    try {
      const [reply] = await Promise.all([promise, this.#dialer?.send('control', request)]);
      return reply;
    } finally {
      stop();
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(request.header.msg_id);
    }
  }

  /** An unreadable reply rejects the request that it names or, without a parent id, the oldest one. */
  #reject(channel: Channel, cause: CurveKernelError): void {
    const found = unreadableMessage(cause);
    if (channel !== 'control' || found === undefined) return;
    const [first] = this.#pending.values();
    const pending = found.parentId === undefined ? first : this.#pending.get(found.parentId);
    pending?.reject(messageUnreadableError(channel, cause));
  }

  /** Closes the connection. Requests without a reply are rejected. */
  async close(): Promise<void> {
    for (const { reject } of this.#pending.values()) reject(closedError());
    await this.#dialer?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const noReplyError = (msgType: string, timeout: number): CurveKernelError =>
  new CurveKernelError('peer-silent', `The kernel did not answer ${msgType} within ${timeout} ms.`, {
    hint: 'It may be busy or hang: try again, or look at the process of the kernel.',
    data: { msgType },
  });

const closedError = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'The connection to the kernel was closed.', { hint: 'Open a new one.' });
