import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endpoint } from '../connection/endpoints.js';
import type { Ports, Transport } from '../connection/connection-info.js';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { succeeds } from '../support/succeeds.js';
import { SOCKET_NAMES } from '../connection/per-socket.js';
import { errorCode } from '../support/system-error.js';

/** Prefix of the names of socket folders in the system's temporary folder. */
export const SOCKET_FOLDER_PREFIX = 'jupyter-curve-';

/** The address that a kernel is to bind its sockets to. */
export interface KernelAddress {
  readonly transport: Transport;
  readonly ip: string;
  readonly ports: Ports;
  /** The ipc sockets that the kernel will make. */
  readonly files: readonly string[];
  /** The folder that was created for them, if any. */
  readonly folders: readonly string[];
  /** Closes the sockets that hold the ports, so that the kernel can bind them. Can be called again. */
  release(): Promise<void>;
  /** True if one of the ports is in use. To be called after the kernel has ended. */
  isTaken(): Promise<boolean>;
}

/** Chooses the address of a kernel: tcp ports at `ip`, those of `previous` if they are free, or ipc paths beside the connection file. */
export function chooseAddress(
  { transport, ip }: { readonly transport: Transport; readonly ip: string },
  connectionFile: string,
  previous?: Ports,
): Promise<KernelAddress> {
  return transport === 'ipc' ? chooseIpcAddress(connectionFile) : chooseTcpAddress(ip, previous);
}

/**
 * Chooses ports for a kernel, those of `previous` where they are still free.
 *
 * Only some kernels can bind port 0 and write the file back, so the ports are chosen here, for every kernel in the same way: listening
 * sockets hold them until the moment before the start. A process that takes one in the instant that is left makes the kernel fail, which {@link KernelAddress.isTaken} distinguishes from other failures; then the kernel is started again on other ports.
 *
 * @throws CurveKernelError `bind-failed` when `ip` is no address of this machine.
 */
async function chooseTcpAddress(ip: string, previous?: Ports): Promise<KernelAddress> {
  const held = await Promise.all(SOCKET_NAMES.map((name) => listen(ip, previous?.[name] ?? 0)));
  const ports = portsOf(held.map(portOf));
  return {
    transport: 'tcp',
    ip,
    ports,
    files: [],
    folders: [],
    release: async () => void (await Promise.all(held.map(close))),
    isTaken: async () => {
      const free = await Promise.all(Object.values(ports).map((port: number) => isFree(ip, port)));
      return free.includes(false);
    },
  };
}

/**
 * Socket paths beside the connection file, as jupyter_client names them, or in a private folder of the system's temporary one
 * where those would be longer than a socket path may be. Either folder is closed to others.
 */
async function chooseIpcAddress(connectionFile: string): Promise<KernelAddress> {
  const beside = ipcAddress(`${connectionFile.replace(/\.json$/, '')}-ipc`);
  if (isValidAddress(beside)) return beside;
  const folder = await mkdtemp(join(tmpdir(), SOCKET_FOLDER_PREFIX));
  const address = ipcAddress(join(folder, 'k'), folder);
  if (isValidAddress(address)) return address;
  await rm(folder, { recursive: true });
  endpoint(address, 'heartbeat'); // throws, and says why
  return address;
}

function ipcAddress(ip: string, folder?: string): KernelAddress {
  const ports = portsOf([1, 2, 3, 4, 5]);
  return {
    transport: 'ipc',
    ip,
    ports,
    files: Object.values(ports).map((port: number) => `${ip}-${port}`),
    folders: folder === undefined ? [] : [folder],
    release: () => Promise.resolve(),
    isTaken: () => Promise.resolve(false),
  };
}

/** True if the path is short enough for a socket, and is none of the `ipc://…` names that are no paths. */
function isValidAddress(address: KernelAddress): boolean {
  try {
    endpoint(address, 'heartbeat');
    return dirname(address.ip) !== '.';
  } catch (error) {
    if (isCurveKernelError(error, 'endpoint-invalid')) return false;
    throw error;
  }
}

function portsOf([shell = 0, iopub = 0, stdin = 0, control = 0, heartbeat = 0]: readonly number[]): Ports {
  return { shell, iopub, stdin, control, heartbeat };
}

async function listen(ip: string, port: number): Promise<Server> {
  try {
    return await openServer(ip, port);
  } catch (error) {
    if (port !== 0) return listen(ip, 0);
    throw new CurveKernelError('bind-failed', `No port can be opened at ${ip} (${errorCode(error)}).`, {
      hint: 'Kernels are started on this machine: give one of its own addresses as ip.',
      cause: error,
      data: { ip },
    });
  }
}

async function isFree(ip: string, port: number): Promise<boolean> {
  return succeeds(openServer(ip, port).then(close));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function openServer(ip: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject).listen({ host: ip, port, exclusive: true }, () => resolve(server.unref()));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
