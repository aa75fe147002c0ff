import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo, Ports } from '#src/connection/connection-info.js';
import { generateCurvePair, type CurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { Channel, JsonObject, Message } from '#src/protocol/message.js';
import { openDialer, type Dialer, type DialerOptions } from '#src/transport/client/dialer.js';
import { openListener } from '#src/transport/server/open-listener.js';
import type { Listener, ListenerOptions } from '#src/transport/server/listener.js';
import { TransportContext } from '#src/transport/transport-context.js';
import { eventually } from '../eventually.js';

/** Every port chosen by the system. */
export const ANY_PORTS: Ports = { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 };

/** A place for sockets, which are all closed at the end of the test, also of one that fails. */
export interface Room {
  readonly context: TransportContext;
  /** The kernel's pair. */
  readonly server: CurvePair;
  /** A tcp connection on this machine, without keys. */
  readonly plain: ConnectionInfo;
  /** An encrypted listener that echoes, unless told otherwise. */
  listen(options?: Partial<ListenerOptions>): Promise<Listener>;
  /** A listener in plain text. */
  listenPlain(options?: Partial<ListenerOptions>): Promise<Listener>;
  /** A client of `listener` that holds the shared pair, if there is one. */
  dial(listener: Pick<Listener, 'connection'>, options?: Partial<DialerOptions>): Promise<Client>;
  /** A new folder. */
  folder(): Promise<string>;
  /** Run at the end, last first. */
  after(end: () => unknown): void;
}

/** A dialer with its mail. */
export interface Client {
  readonly dialer: Dialer;
  readonly received: { readonly channel: Channel; readonly message: Message }[];
  /** Resolves when `count` messages have come in all. */
  readonly until: (count: number) => Promise<unknown>;
}

/** Runs `use` with a {@link Room}. */
export async function inRoom(use: (room: Room) => Promise<void>): Promise<void> {
  const ends: (() => unknown)[] = [];
  const context = new TransportContext();
  const server = await generateCurvePair();
  const plain: ConnectionInfo = {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: ANY_PORTS,
    key: Secret.fromText('0123456789abcdef'),
    signatureScheme: 'hmac-sha256',
    extra: {},
  };
  const listenPlain: Room['listenPlain'] = (options) =>
    openListener({ context, name: 'owner', connection: plain, onMessage: echo, ...options });
  const room: Room = {
    context,
    server,
    plain,
    listenPlain,
    listen: (options) =>
      listenPlain({
        server,
        ...options,
        connection: encrypted(options?.connection ?? plain, options?.server ?? server),
      }),
    dial: async (listener, options) => {
      const { received, until, onMessage } = mailbox();
      const dialer = await openDialer({
        connection: listener.connection,
        routingId: 'client',
        timeout: 60_000,
        onMessage,
        ...options,
      });
      ends.push(() => dialer.close());
      return { dialer, received, until };
    },
    folder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'jc-'));
      ends.push(() => rm(folder, { recursive: true }));
      return folder;
    },
    after: (end) => void ends.push(end),
  };
  try {
    await use(room);
  } finally {
    for (const end of ends.toReversed()) await end();
    await context.close();
  }
}

/** The connection with the shared pair of JEP 145 in it. */
export const encrypted = (connection: ConnectionInfo, { publicKey, secretKey }: CurvePair): ConnectionInfo => ({
  ...connection,
  curve: { publicKey, secretKey },
});

/** A message of a test. */
export const aMessage = (msgType: string, content: JsonObject = {}, buffers: readonly Uint8Array[] = []): Message =>
  createMessage({ session: 'test', username: 'test' }, msgType, content, { buffers });

/** Answers each message with its own content. */
export const echo: ListenerOptions['onMessage'] = ({ channel, routing, message, listener }) =>
  listener.send(channel, routing, aMessage('reply', message.content, message.buffers));

/** Lets `tcp` listen on a free port of this machine, until the test ends; resolves to the port. */
export async function listenAnywhere(room: Room, tcp: Server): Promise<number> {
  room.after(() => void tcp.close());
  await new Promise<void>((listening) => tcp.listen(0, '127.0.0.1', listening));
  const address = tcp.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function mailbox(): Omit<Client, 'dialer'> & Pick<DialerOptions, 'onMessage'> {
  const received: { channel: Channel; message: Message }[] = [];
  return {
    received,
    onMessage: (channel, message) => void received.push({ channel, message }),
    until: (count) => eventually(() => received.length >= count),
  };
}
