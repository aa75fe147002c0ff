import { watch } from 'node:fs';
import { readdir, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { deferred } from '../support/deferred.js';

/** A watch for the sockets of a kernel. */
export interface SocketWatch extends Disposable {
  /** Resolves when it is time to dial: the five sockets are there, or the first has been for a while. Rejects if that cannot be seen. */
  readonly found: Promise<void>;
}

/**
 * Milliseconds to wait for the others when the first socket is there. A kernel that publishes before it has bound all of them is heard
 * from then on; dialing at once would find the others later, since it tries again in intervals.
 */
const OTHERS = 250;

/**
 * Watches for the ipc sockets of a kernel; those of tcp cannot be seen, so they are dialed at once. tslab binds `ip:port` where Jupyter's
 * address is `ip-port`: such a socket is linked to under the right name, until this is disposed.
 */
export function watchSockets({ transport, ip, ports }: ConnectionInfo): SocketWatch {
  if (transport !== 'ipc') return { found: Promise.resolve(), [Symbol.dispose]: () => undefined };
  const folder = dirname(ip);
  const wanted = Object.values(ports).map((port: number) => `${basename(ip)}-${port}`);
  const { promise, resolve, reject } = deferred<void>();
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const names = new Set(await readdir(folder));
    const missing = wanted.filter((name) => !names.has(name));
    const linked = missing.filter((name) => names.has(withColon(name)));
    await Promise.all(linked.map((name) => symlink(withColon(name), join(folder, name)).catch(() => undefined)));
    if (missing.length === linked.length) resolve();
    else if (missing.length - linked.length < wanted.length) timer ??= setTimeout(resolve, OTHERS).unref();
  };
  const watcher = watch(folder, () => void look().catch(reject));
  watcher.on('error', reject);
  look().catch(reject);
  return {
    found: promise,
    [Symbol.dispose]() {
      watcher.close();
      clearTimeout(timer);
    },
  };
}

const withColon = (name: string): string => name.replace(/-(\d+)$/, ':$1');
