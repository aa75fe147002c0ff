import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import { repository } from '../repository.js';
import type { Room } from './room.js';

/** A kernel in a process of its own whose thread does nothing for a while, in which libzmq goes on alone; see busy-kernel.mjs. */
export async function busyKernel(
  room: Room,
  milliseconds: number,
  when: 'at-once' | 'when-asked' = 'at-once',
): Promise<{ readonly connection: ConnectionInfo }> {
  const program = join(repository, 'test/support/kernel/programs/busy-kernel.mjs');
  const kernel = spawn(process.execPath, [program, String(milliseconds), when], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  room.after(() => kernel.kill('SIGKILL'));
  const [line] = await once(createInterface(kernel.stdout), 'line');
  return { connection: await parseConnectionInfo(String(line), 'busy kernel') };
}
