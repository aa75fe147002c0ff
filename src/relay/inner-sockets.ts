import { watch } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { deferred } from '../support/deferred.js';

/**
 * Resolves when the five ipc sockets of a kernel are there; at once for tcp. tslab binds `ip:port` where Jupyter's address is `ip-port`:
 * such a socket is linked to under the right name.
 *
 * @throws the reason of `signal`
 */
export async function socketsExist({ transport, ip, ports }: ConnectionInfo, signal: AbortSignal): Promise<void> {
  if (transport !== 'ipc') return;
  const folder = dirname(ip);
  const wanted = Object.values(ports).map((port: number) => `${basename(ip)}-${port}`);
  const found = deferred<void>();
  found.promise.catch(() => undefined); // Looking may take longer than the kernel lives.
  const look = async (): Promise<void> => {
    const names = new Set(await readdir(folder));
    const missing = wanted.filter((name) => !names.has(name));
    const linked = missing.filter((name) => names.has(withColon(name)));
    await Promise.all(linked.map((name) => symlink(withColon(name), join(folder, name)).catch(() => undefined)));
    if (missing.length === linked.length) found.resolve();
  };
  signal.throwIfAborted();
  const abort = (): void => found.reject(signal.reason);
  signal.addEventListener('abort', abort);
  const watcher = watch(folder, () => void look().catch(found.reject));
  watcher.on('error', found.reject);
  try {
    await look();
    await found.promise;
  } finally {
    watcher.close();
    signal.removeEventListener('abort', abort);
  }
}

const withColon = (name: string): string => name.replace(/-(\d+)$/, ':$1');
