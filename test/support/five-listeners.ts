/** Processes that are no kernel, at the five addresses of a connection file. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** The greeting of ZMTP 3.1 that names a mechanism. */
export function greeting(mechanism: string): Buffer {
  const bytes = Buffer.alloc(64);
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]).copy(bytes);
  bytes.write(mechanism, 12, 'latin1');
  return bytes;
}

/** What a listener does with each connection. */
export const ACTS = {
  saysNothing: () => undefined,
  endsConnections: (socket: Socket) => void socket.destroy(),
  floods: (socket: Socket) => void socket.write(Buffer.alloc(16 * 2 ** 20, 'x')),
  claimsCurve: (socket: Socket) => void socket.write(greeting('CURVE')),
  namesNull: (socket: Socket) => void socket.write(greeting('NULL')),
  writesToTheTerminal: (socket: Socket) => void socket.write(greeting('\u001b[2Jx')),
} as const;

export interface FiveListeners {
  readonly address: {
    readonly transport: 'tcp';
    readonly ip: string;
    readonly ports: Readonly<Record<'shell' | 'iopub' | 'stdin' | 'control' | 'heartbeat', number>>;
  };
  /** Everything that was received, on any of them. */
  readonly received: Buffer[];
  close(): Promise<void>;
}

/** Opens five listeners on loopback. */
export async function openFiveListeners(act: (socket: Socket) => void): Promise<FiveListeners> {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  const received: Buffer[] = [];
  const listen = async (): Promise<number> => {
    const server = createServer((socket) => {
      open.add(socket.on('error', () => undefined).on('data', (bytes: Buffer) => received.push(bytes)));
      act(socket);
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const ports = {
    shell: await listen(),
    iopub: await listen(),
    stdin: await listen(),
    control: await listen(),
    heartbeat: await listen(),
  };
  return {
    address: { transport: 'tcp', ip: '127.0.0.1', ports },
    received,
    close: async () => {
      for (const socket of open) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}
