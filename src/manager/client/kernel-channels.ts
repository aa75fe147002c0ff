import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { Channel, JsonObject, Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { openDialer } from '../../transport/client/dialer.js';
import { perSocket } from '../../connection/per-socket.js';
import type { TransportContext } from '../../transport/transport-context.js';
import { createNudge } from './nudge.js';
import { LONGEST_TIMER } from '../../support/start-timer.js';

/** How a client's five sockets are protected, as the sockets themselves say. */
export type ChannelSecurity = Readonly<
  Record<
    SocketName,
    {
      readonly endpoint: string;
      readonly mechanism: 'curve' | 'null';
      /** Of the kernel's public key; absent in plain text. */
      readonly fingerprint?: string;
    }
  >
>;

/** Open channels to a kernel that is known to hear and to be heard. */
export interface KernelChannels {
  /** The kernel's answer to kernel_info. */
  readonly info: Message;
  send(channel: RequestChannel, message: Message): Promise<void>;
  security(): ChannelSecurity;
  close(): Promise<void>;
}

/** What {@link openKernelChannels} opens. */
export interface OpenKernelChannelsOptions {
  readonly connection: ConnectionInfo;
  /** The client's own key pair; by default the shared pair of the connection file. */
  readonly client?: CurvePair;
  /** The content of the kernel's kernel_info_reply, if it is known already. */
  readonly info?: JsonObject;
  /** Milliseconds for the handshakes, and then for the first answer. Default 4,500: a failure is told, and all closed, within 5 s. */
  readonly timeout?: number;
  readonly context?: TransportContext;
  readonly signal?: AbortSignal;
  readonly receive: (channel: Channel, message: Message) => void;
  /**
   * Told about messages that had to be thrown away, with the channel of those that could not be read; without it about a fault in
   * `receive`.
   */
  readonly rejected?: (error: unknown, channel?: Channel) => void;
  /** Called at most once, after the link was open. */
  readonly failed: (error: CurveKernelError) => void;
}

/**
 * Opens the channels to a kernel, and resolves when nothing can get lost any more: the handshakes on all sockets are done (a
 * kernel drops input requests to a client it has not met), a request was answered, and iopub carries messages.
 *
 * Where `info` is given the kernel has shown before that it works; one that is silent now is busy, and its channels count as open.
 *
 * @throws CurveKernelError `peer-*`; `transport-closed`.
 */
export async function openKernelChannels(options: OpenKernelChannelsOptions): Promise<KernelChannels> {
  const { connection, timeout = 4500, receive } = options;
  const nudge = createNudge();
  let open = false;
  const dialer = await openDialer({
    connection,
    timeout: Math.min(timeout, LONGEST_TIMER),
    // A routing id of its own for each link: a kernel that still remembers an old one might ignore the new connection.
    routingId: randomUUID(),
    ...(options.client === undefined ? {} : { client: options.client }),
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onMessage: (channel, message) => {
      if (!nudge.take(channel, message)) receive(channel, message);
    },
    onEvent: (event) => {
      if (event.kind === 'message-rejected') {
        nudge.rejected(event.channel, event.error);
        options.rejected?.(event.error, event.channel);
      } else if (event.kind !== 'peer-back') options.rejected?.(event.error);
    },
    onFailure: (error) => {
      if (open) options.failed(error);
      else nudge.fail(error);
    },
  });
  try {
    const info = await nudge.run((channel, message) => dialer.send(channel, message), options);
    open = true;
    const print = connection.curve && { fingerprint: fingerprint(connection.curve.publicKey) };
    return {
      info,
      send: (channel, message) => dialer.send(channel, message),
      security: () => {
        const sockets = dialer.security();
        return perSocket((name) => ({ ...sockets[name], ...print }));
      },
      close: () => dialer.close(),
    };
  } catch (error) {
    await dialer.close();
    throw error;
  }
}
