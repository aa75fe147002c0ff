import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { eventually } from '../eventually.js';
import { repository } from '../repository.js';
import { KernelClient } from './kernel-client.js';
import { freshConnection } from './serve.js';

/** The kernel that users start, as a process of its own under CURVE, with one client. */
export async function startTypeScriptProcess(): Promise<{ readonly client: KernelClient; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'jc-typescript-'));
  const file = join(folder, 'kernel.json');
  const connection = await freshConnection();
  await writeConnectionFile(file, connection);
  const main = join(repository, 'dist/cli/main.js');
  const kernel = spawn(process.execPath, [main, 'kernel', '-f', file], { stdio: 'ignore', cwd: folder });
  const ports = await eventually(async () => {
    const found = (await readConnectionFile(file)).ports;
    return found.shell !== 0 && found;
  }, 'the kernel listens');
  const client = await KernelClient.open({ ...connection, ports });
  return {
    client,
    async close() {
      await client.close();
      kernel.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
