/** A kernel inside the test, which answers as the test says, and a slow way to any kernel. */
import { createServer, connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ConnectionInfo, Ports } from '#src/connection/connection-info.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import type { CurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { JsonObject, Message, RequestChannel } from '#src/protocol/message.js';
import { openListener } from '#src/transport/server/open-listener.js';
import type { Listener } from '#src/transport/server/listener.js';
import { SOCKET_NAMES } from '#src/connection/per-socket.js';
import { TransportContext } from '#src/transport/transport-context.js';

export interface FakeKernel extends AsyncDisposable {
  readonly file: string;
  readonly connection: ConnectionInfo;
  /** What arrived, in order. */
  readonly received: { readonly channel: RequestChannel; readonly message: Message }[];
  publish(
    msgType: string,
    content: JsonObject,
    parent?: Message['parent_header'],
    buffers?: readonly Uint8Array[],
  ): void;
  /** A message as it is, with whatever is wrong with it. */
  publishRaw(message: Message): void;
}

export interface FakeKernelOptions {
  readonly folder: string;
  /** Its keys: the shared pair of its file, unless `client` is there. Default: plain text. */
  readonly server?: CurvePair;
  /** The public key of the only client it admits; the file then has no secret. */
  readonly client?: string;
  /** Answers a request; by default kernel_info is answered as a decent kernel does, and nothing else. */
  readonly answer?: (request: Message, reply: (content: JsonObject) => void, kernel: FakeKernel) => boolean | void;
}

const INFO = {
  status: 'ok',
  protocol_version: '5.5',
  implementation: 'fake',
  implementation_version: '1',
  banner: '',
  help_links: [],
  language_info: { name: 'none', version: '1', mimetype: 'text/plain', file_extension: '.txt' },
};

export async function openFakeKernel(options: FakeKernelOptions): Promise<FakeKernel> {
  const { folder, server, client } = options;
  const context = new TransportContext();
  const received: FakeKernel['received'] = [];
  const origin = { session: randomUUID(), username: 'fake' };
  let listener: Listener | undefined;
  const wanted: ConnectionInfo = {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    key: Secret.fromText(randomUUID()),
    signatureScheme: 'hmac-sha256',
    kernelName: 'fake',
    extra: {},
    ...(server && {
      curve: client
        ? { publicKey: server.publicKey, clientPublicKey: client }
        : { publicKey: server.publicKey, secretKey: server.secretKey },
    }),
  };
  const publish: FakeKernel['publish'] = (msgType, content, parent = {}, buffers = []) =>
    listener?.publish(createMessage(origin, msgType, content, { parent, buffers }));
  try {
    listener = await openListener({
      context,
      name: 'fake',
      connection: wanted,
      ...(server && { server, admit: [client ?? server.publicKey] }),
      onMessage: ({ channel, message, routing }) => {
        received.push({ channel, message });
        const parent = message.header;
        const reply = (content: JsonObject): void => {
          publish('status', { execution_state: 'busy' }, parent);
          const type = parent.msg_type.replace('_request', '_reply');
          listener?.send(channel, routing, createMessage(origin, type, content, { parent }));
          publish('status', { execution_state: 'idle' }, parent);
        };
        if (options.answer?.(message, reply, kernel) === true) return;
        if (parent.msg_type === 'kernel_info_request') reply(INFO);
      },
    });
  } catch (error) {
    await context.close();
    throw error;
  }
  const { connection } = listener;
  const file = join(folder, `kernel-${randomUUID()}.json`);
  await writeConnectionFile(file, connection);
  const kernel: FakeKernel = {
    file,
    connection,
    received,
    publish,
    publishRaw: (message) => listener?.publish(message),
    [Symbol.asyncDispose]: () => context.close(),
  };
  return kernel;
}

export interface SlowWay extends AsyncDisposable {
  readonly connection: ConnectionInfo;
  readonly file: string;
  /** How often somebody connected. */
  connections(): number;
}

/** A connection file for the same kernel, in which what is sent to some sockets arrives later: handshakes, subscriptions, all. */
export async function openSlowWay(
  folder: string,
  connection: ConnectionInfo,
  delays: Partial<Record<keyof Ports, number>>,
): Promise<SlowWay> {
  let count = 0;
  const open = new Set<Socket>();
  const closers: (() => void)[] = [];
  const ports: Record<keyof Ports, number> = { ...connection.ports };
  for (const name of SOCKET_NAMES) {
    const delay = delays[name];
    if (delay === undefined) continue;
    const target = connection.ports[name];
    const proxy = createServer((incoming) => {
      count++;
      const outgoing = connect(target, '127.0.0.1');
      for (const socket of [incoming, outgoing]) {
        open.add(socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket)));
      }
      outgoing.pipe(incoming);
      incoming.on('close', () => outgoing.destroy());
      outgoing.on('close', () => incoming.destroy());
      incoming.on('data', (chunk) => setTimeout(() => outgoing.write(chunk), delay));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    if (typeof address === 'object' && address !== null) ports[name] = address.port;
    closers.push(() => proxy.close());
  }
  const slow = { ...connection, ports };
  const file = join(folder, `kernel-slow-${randomUUID()}.json`);
  await writeConnectionFile(file, slow);
  return {
    connection: slow,
    file,
    connections: () => count,
    [Symbol.asyncDispose]: async () => {
      for (const close of closers) close();
      for (const socket of open) socket.destroy();
    },
  };
}
