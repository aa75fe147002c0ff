import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import type { CurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { Channel, JsonObject, Message, RequestChannel, SocketName } from '../../protocol/message.js';
import { openDialer } from '../../transport/client/dialer.js';
import { perSocket } from '../../connection/per-socket.js';
import { createNudge } from '../../transport/client/nudge.js';
import { definedOnly } from '../../support/defined-only.js';

/** Protection of a client's five sockets, as the sockets themselves report it. */
export type ChannelSecurity = Readonly<
  Record<
    SocketName,
    {
      readonly endpoint: string;
      readonly mechanism: 'curve' | 'null';
      /** Fingerprint of the kernel's public key; absent in plain text. */
      readonly fingerprint?: string;
    }
  >
>;

/** Open channels to a kernel, known to work in both directions. */
export interface KernelChannels {
  /** The kernel_info_reply. */
  readonly info: Message;
  send(channel: RequestChannel, message: Message): Promise<void>;
  security(): ChannelSecurity;
  close(): Promise<void>;
}

/** Options of {@link openKernelChannels}. */
export interface OpenKernelChannelsOptions {
  readonly connection: ConnectionInfo;
  /** The client's own key pair; by default the shared pair of the connection file. */
  readonly client?: CurvePair;
  /** Content of the kernel's kernel_info_reply, if it is known already. */
  readonly info?: JsonObject;
  /** Milliseconds for the handshakes, and then for the first reply. Default 4,500, so that a failure is reported within 5 s. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly receive: (channel: Channel, message: Message) => void;
  /**
   * Called for messages that were dropped: with their channel if they could not be read, without it for an error that `receive` threw.
   */
  readonly rejected?: (error: unknown, channel?: Channel) => void;
  /** Called at most once, after the channels were open. */
  readonly failed: (error: CurveKernelError) => void;
}

/**
 * Opens the channels to a kernel, and resolves when no message can get lost any more: the handshakes on all sockets are done (a kernel drops
 * input requests to a client that is not connected on stdin), a request was answered, and a message arrived on iopub.
 *
 * With `info` the kernel is known to work; one that does not answer is busy, and its channels count as open.
 *
 * @throws CurveKernelError `peer-*`; `transport-closed`.
 */
export async function openKernelChannels(options: OpenKernelChannelsOptions): Promise<KernelChannels> {
  const { connection, timeout = 4500, receive } = options;
  const nudge = createNudge();
  let open = false;
  const dialer = await openDialer({
    connection,
    timeout,
    // A new routing id each time: a kernel that still has an old connection of the same id might ignore the new one.
    routingId: randomUUID(),
    ...definedOnly({ client: options.client, signal: options.signal }),
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
    const info = await nudge.run((channel, message) => dialer.send(channel, message), { ...options, timeout });
    open = true;
    const keyFingerprint = connection.curve && { fingerprint: fingerprint(connection.curve.publicKey) };
    return {
      info,
      send: (channel, message) => dialer.send(channel, message),
      security: () => {
        const sockets = dialer.security();
        return perSocket((name) => ({ ...sockets[name], ...keyFingerprint }));
      },
      close: () => dialer.close(),
    };
  } catch (error) {
    await dialer.close();
    throw error;
  }
}
