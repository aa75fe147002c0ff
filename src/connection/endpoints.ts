import { isIPv6 } from 'node:net';
import { CurveKernelError } from '../errors.js';
import type { SocketName } from '../protocol/message.js';
import type { ConnectionInfo } from './connection-info.js';

/** Host names have no colon, and the pattern of `isIPv6` takes 5 ms to compile. */
const isIPv6Address = (ip: string): boolean => ip.includes(':') && isIPv6(ip);

/** `sun_path` without its final zero byte: 108 − 1 on Linux and Windows, 104 − 1 on macOS. */
const IPC_PATH_LIMIT = process.platform === 'darwin' ? 103 : 107;

/**
 * The ZeroMQ endpoint of one socket: `tcp://ip:port` (an IPv6 address in brackets) or `ipc://ip-port`, as
 * `jupyter_client` builds them. Throws `endpoint-invalid` for an ipc path that no socket can have.
 */
export function endpoint(info: Pick<ConnectionInfo, 'transport' | 'ip' | 'ports'>, socket: SocketName): string {
  const port = info.ports[socket];
  if (info.transport === 'tcp') return `tcp://${isIPv6Address(info.ip) ? `[${info.ip}]` : info.ip}:${port}`;
  const path = `${info.ip}-${port}`;
  const length = Buffer.byteLength(path);
  if (length > IPC_PATH_LIMIT) {
    throw new CurveKernelError(
      'endpoint-invalid',
      `The ipc path of the ${socket} socket has ${length} bytes; the system allows ${IPC_PATH_LIMIT}.`,
      { hint: 'Use a shorter folder for the sockets (JUPYTER_RUNTIME_DIR), or tcp.', data: { path, socket } },
    );
  }
  return `ipc://${path}`;
}

/** The endpoint at which a client reaches `bound`: for all addresses of a machine, its loopback address. */
export function dialable(bound: string): string {
  return bound
    .replace(/^tcp:\/\/(?:\*|0\.0\.0\.0)(?=:\d+$)/, 'tcp://127.0.0.1')
    .replace(/^tcp:\/\/\[::\](?=:\d+$)/, 'tcp://[::1]');
}

/** Whether `address` needs a socket that speaks IPv6. */
export function isIPv6Endpoint(address: string): boolean {
  return address.startsWith('tcp://[');
}
