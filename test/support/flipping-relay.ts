import { connect, createServer, type Socket } from 'node:net';
import { listenAnywhere, type Room } from './kernel/room.js';

/** A place on the path between clients and a port of a kernel. It holds no key. */
export interface FlippingRelay {
  readonly port: number;
  /** From now on, the next bytes of every connection that come from its client arrive with one bit changed. */
  flip(): void;
}

/** Opens a relay to `port` of this machine, until the test ends. */
export async function openFlippingRelay(room: Room, port: number): Promise<FlippingRelay> {
  const unharmed = new Set<Socket>();
  const ends = new Set<Socket>();
  const flipping = new WeakSet<Socket>();
  const server = createServer((client) => {
    const kernel = connect(port, '127.0.0.1');
    for (const end of [client, kernel]) {
      ends.add(end.on('error', () => undefined));
      end.once('close', () => {
        for (const other of [client, kernel]) {
          other.destroy();
          ends.delete(other);
          unharmed.delete(other);
        }
      });
    }
    unharmed.add(client);
    client.on('data', (bytes) => {
      if (flipping.delete(client)) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      kernel.write(bytes);
    });
    kernel.on('data', (bytes) => client.write(bytes));
  });
  room.after(() => ends.forEach((end) => end.destroy()));
  const listening = await listenAnywhere(room, server);
  return {
    port: listening,
    flip: () => unharmed.forEach((client) => flipping.add(client)),
  };
}
