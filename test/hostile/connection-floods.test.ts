/** Connections that say nothing use up the descriptors of a kernel, and are opened again as soon as they are ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import { eventually } from '../support/eventually.js';
import { repository } from '../support/repository.js';
import { aMessage, inRoom, type Room } from '../support/kernel/room.js';

const DESCRIPTORS = 200;
const STRANGERS = 400;

test('the owner is answered, and a new client is let in, while strangers use up all descriptors', () =>
  inRoom(async (room) => {
    const { connection, isFull } = await listenerOfFewDescriptors(room);
    const owner = await room.dial({ connection }, { routingId: 'owner' });
    const end = flood(room, connection);
    await eventually(isFull);

    for (let count = 1; count <= 50; count++) {
      await owner.dialer.send('shell', aMessage('kernel_info_request', { count }));
      await owner.until(count);
    }
    const client = await room.dial({ connection }, { routingId: 'new client' });
    await client.dialer.send('shell', aMessage('kernel_info_request', {}));
    await client.until(1);
    // It was let in during the flood, which goes on.
    await eventually(isFull);
    expect(end()).toBeGreaterThan(STRANGERS);
  }));

async function listenerOfFewDescriptors(room: Room) {
  const program = join(repository, 'test/support/programs/few-descriptors.mjs');
  const command = `ulimit -n ${DESCRIPTORS} && exec "$0" "$1"`;
  const kernel = spawn('sh', ['-c', command, process.execPath, program], { stdio: ['ignore', 'pipe', 'inherit'] });
  room.after(() => kernel.kill('SIGKILL'));
  const lines = createInterface(kernel.stdout);
  const [line] = await once(lines, 'line');
  let full = 0;
  let seen = 0;
  lines.on('line', () => full++);
  /** Whether it had no descriptors left since this was last asked. */
  const isFull = (): boolean => {
    const more = full > seen;
    seen = full;
    return more;
  };
  return { connection: await parseConnectionInfo(String(line), 'listener'), isFull };
}

/** Holds connections to shell, and opens one for each that is ended. Returns the function that ends it, and says how many there were. */
function flood(room: Room, { ip, ports }: ConnectionInfo): () => number {
  const sockets = new Set<Socket>();
  let opened = 0;
  let over = false;
  const open = (): void => {
    if (over) return;
    opened++;
    const socket = connect(ports.shell, ip);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      setImmediate(open);
    });
    socket.resume();
  };
  for (let count = 0; count < STRANGERS; count++) open();
  const end = (): number => {
    over = true;
    for (const socket of sockets) socket.destroy();
    return opened;
  };
  room.after(end);
  return end;
}
