import type { RequestChannel, SocketName } from '../protocol/message.js';

/** The five sockets of a kernel, in the order of connection files. */
export const SOCKET_NAMES: readonly SocketName[] = ['shell', 'iopub', 'stdin', 'control', 'heartbeat'];

/** One value for each of the five sockets. */
export function perSocket<T>(make: (name: SocketName) => T): Record<SocketName, T> {
  return {
    shell: make('shell'),
    iopub: make('iopub'),
    stdin: make('stdin'),
    control: make('control'),
    heartbeat: make('heartbeat'),
  };
}

/** Whether requests and their replies go over this socket, as messages of Jupyter. */
export const isRequestChannel = (name: SocketName): name is RequestChannel => name !== 'iopub' && name !== 'heartbeat';
