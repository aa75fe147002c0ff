import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { CurveKernelError } from '../errors.js';
import type { Channel, Message, RequestChannel } from '../protocol/message.js';
import { openDialer, type Dialer } from '../transport/client/dialer.js';
import { createNudge } from '../transport/client/nudge.js';
import { orAborted } from '../support/abort.js';
import type { InnerKernel } from './inner-kernel.js';
import { watchSockets } from './inner-sockets.js';
import { watchPulse } from './pulse.js';

/** Options of {@link openInnerLink}. */
export interface InnerLinkOptions {
  readonly onMessage: (channel: Channel, message: Message) => void;
  /** A message of the kernel could not be read. */
  readonly onRejected: (channel: Channel, error: CurveKernelError) => void;
  readonly signal: AbortSignal;
}

/** The connection to the inner kernel. */
export interface InnerLink {
  /** Sends a request, after those that were sent before. What cannot be sent any more is lost, as in the pipe of a process that ended. */
  send(channel: RequestChannel, message: Message): void;
  /** False while the kernel does not answer its heartbeat. */
  isAlive(): boolean;
  /** Resolves when nothing has arrived for a moment: what a kernel that ended had sent is read. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A day: how long a kernel may take to start is for the front end to say. */
const START_TIMEOUT = 86_400_000;
/** Milliseconds of silence after which nothing more is expected of a kernel that ended, and the most to wait for that. */
const SILENCE = 20;
const LONGEST = 1_000;

/**
 * Connects to the inner kernel as soon as it listens. Resolves when it has answered, and iopub is known to be heard: nothing that a request
 * causes from now on is missed.
 *
 * @throws CurveKernelError as {@link openDialer} and a nudge do; the reason of `signal`
 */
export async function openInnerLink(inner: InnerKernel, options: InnerLinkOptions): Promise<InnerLink> {
  const { onMessage, onRejected, signal } = options;
  using sockets = watchSockets(inner.connection);
  await orAborted(signal, sockets.found);
  const nudge = createNudge();
  let lastMessage = 0;
  const dialer: Dialer = await openDialer({
    connection: inner.connection,
    routingId: randomUUID(),
    keepBytes: true,
    timeout: START_TIMEOUT,
    signal,
    onMessage: (channel, message) => {
      lastMessage = performance.now();
      if (!nudge.take(channel, message)) onMessage(channel, message);
    },
    // The end of the process says more than the loss of its sockets, and follows.
    onFailure: () => undefined,
    onEvent: (event) => {
      if (event.kind === 'handler-failed') throw event.error;
      if (event.kind !== 'message-rejected') return;
      nudge.rejected(event.channel, event.error);
      onRejected(event.channel, event.error);
    },
  });
  const send = async (channel: RequestChannel, message: Message): Promise<void> => {
    await dialer.send(channel, message).catch(() => undefined);
  };
  try {
    await nudge.run(send, { timeout: START_TIMEOUT, signal });
  } catch (error) {
    await dialer.close();
    throw error;
  }
  const pulse = watchPulse((timeout) => dialer.heartbeat({ timeout }));
  return {
    isAlive: () => pulse.isAlive(),
    send: (channel, message) => void send(channel, message),
    async settled() {
      const end = performance.now() + LONGEST;
      do await sleep(SILENCE);
      while (performance.now() - lastMessage < SILENCE && performance.now() < end);
    },
    close() {
      pulse.stop();
      return dialer.close();
    },
  };
}
