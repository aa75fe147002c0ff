import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { createMessage } from '../../protocol/create-message.js';
import { parentId, type JsonObject, type Message, type SocketName } from '../../protocol/message.js';
import type { SocketSecurity } from '../../transport/client/connection-set.js';
import { openDialer } from '../../transport/client/dialer.js';
import { onAbort } from '../../support/abort.js';
import { deferred, type Deferred } from '../../support/deferred.js';
import { definedOnly } from '../../support/defined-only.js';
import { reportUncaught } from '../../support/report-uncaught.js';
import { withTimeout } from '../../support/timers.js';
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

/** A connection to a kernel's control channel. */
export interface ControlClient extends AsyncDisposable {
  /**
   * Sends a request and returns the content of the reply, with any status.
   *
   * @throws CurveKernelError `peer-silent` when no reply comes in time, `peer-lost`, `transport-closed`, `message-unreadable`; the reason of
   *   the signal.
   */
  ask(msgType: string, content: JsonObject): Promise<JsonObject>;
  /** The protection of each socket, as it reported it itself after its handshake. */
  security(): Readonly<Record<SocketName, SocketSecurity>>;
  /** Closes the connection. Requests without a reply are rejected. */
  close(): Promise<void>;
}

/** Connects to a kernel for requests on its control channel. @throws CurveKernelError `peer-*` as {@link openDialer} does; the reason of the signal. */
export async function openControlClient(options: ControlClientOptions): Promise<ControlClient> {
  const { connection, client, timeout, signal, published } = options;
  const session = randomUUID();
  const pending = new Map<string, Deferred<JsonObject>>();
  const rejectAll = (error: CurveKernelError): void => {
    for (const { reject } of pending.values()) reject(error);
  };
  const dialer = await openDialer({
    connection,
    timeout,
    routingId: session,
    topics: published?.topics ?? [],
    ...definedOnly({ client, signal }),
    onMessage: (channel, message) => {
      if (channel === 'iopub') published?.receive(message);
      else if (channel === 'control') pending.get(parentId(message) ?? '')?.resolve(message.content);
    },
    onEvent: (event) => {
      if (event.kind === 'handler-failed') reportUncaught(event.error);
      if (event.kind !== 'message-rejected' || event.channel !== 'control') return;
      const found = unreadableMessage(event.error);
      if (found === undefined) return;
      // An unreadable reply rejects the request that it names or, without a parent id, the oldest one.
      const id = found.parentId ?? pending.keys().next().value ?? '';
      pending.get(id)?.reject(messageUnreadableError(event.channel, event.error));
    },
    onFailure: rejectAll,
  });
  const close = async (): Promise<void> => {
    rejectAll(closedError());
    await dialer.close();
  };
  return {
    ask: async (msgType, content) => {
      signal?.throwIfAborted();
      const request = createMessage({ session, username: 'manager' }, msgType, content);
      const reply = deferred<JsonObject>();
      pending.set(request.header.msg_id, reply);
      const stop = onAbort(signal, reply.reject);
      try {
        const answered = Promise.all([reply.promise, dialer.send('control', request)]);
        const [found] = await withTimeout(answered, timeout, () => {
          throw noReplyError(msgType, timeout);
        });
        return found;
      } finally {
        stop();
        pending.delete(request.header.msg_id);
      }
    },
    security: () => dialer.security(),
    close,
    [Symbol.asyncDispose]: close,
  };
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

const noReplyError = (msgType: string, timeout: number): CurveKernelError =>
  new CurveKernelError('peer-silent', `The kernel did not answer ${msgType} within ${timeout} ms.`, {
    hint: 'It may be busy or hang: try again, or look at the process of the kernel.',
    data: { msgType },
  });

const closedError = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'The connection to the kernel was closed.', { hint: 'Open a new one.' });
